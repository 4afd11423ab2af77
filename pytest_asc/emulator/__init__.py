"""App Store Connect as a function: a request goes in, the answer that Apple would give comes out."""
