"""Operations of the API, implemented for all resource types: reads and writes."""
