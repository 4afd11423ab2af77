from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.resources.api_writer import ApiWriter, detail

if TYPE_CHECKING:
    from emulator.harness import EmulatorClient

EXPERIMENT = {"name": "Icons", "platform": "IOS", "trafficProportion": 50}


def test_a_second_experiment_is_rejected_while_the_first_is_a_draft(emulator_client: EmulatorClient) -> None:
    writer, emulator = ApiWriter(emulator_client, "v2"), emulator_client.emulator
    app = emulator.add("apps")
    first = writer.create("appStoreVersionExperiments", EXPERIMENT, app=app)
    assert first["attributes"]["state"] == "PREPARE_FOR_SUBMISSION"
    answer = writer.post("appStoreVersionExperiments", EXPERIMENT, app=app)
    assert (answer.status, answer.codes) == (409, ["STATE_ERROR"])
    assert detail(answer) == "Cannot create new experiment because another experiment is in draft state"
    assert writer.post("appStoreVersionExperiments", EXPERIMENT, app=emulator.add("apps")).status == 201
    emulator.update(first, state="APPROVED")
    assert writer.post("appStoreVersionExperiments", EXPERIMENT, app=app).status == 201
