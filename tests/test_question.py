"""A prediction keeps its answer until a choice is made, and knows what a source says or a processor did."""

import pytest

import nvmx


def test_a_prediction_keeps_its_answer_until_a_choice_is_made() -> None:
    question = nvmx.lab.predict("VMXON", "intel", cpl=3, cr4_vmxe=0)
    assert question.question == "VMXON by intel, ready except for CR4.VMXE = 0, CPL = 3: how does it end?"
    assert question.choice.value is None
    assert question.answer.value == ""
    for outcome in nvmx.OUTCOMES:
        question.choice.value = outcome
        assert question.answer.value.startswith(f"<p role='status'>{'Right' if outcome == '#UD' else 'Not so'}")
        assert "because CR4.VMXE = 0; check " in question.answer.value
    bundle = question._repr_mimebundle_()
    assert bundle["text/plain"] == question.question
    assert "<details>" in bundle["text/html"]
    with pytest.raises(ValueError, match="I predict: '#XX' is not allowed"):
        question.choice.value = "#XX"
    with pytest.raises(TypeError, match="at least one axis"):
        nvmx.lab.predict("VMXON", "intel")


def test_a_prediction_of_what_a_processor_did() -> None:
    question = nvmx.lab.predict("VMXON", nvmx.bochs.recording(), cr0_pg=0, efer_lma=0, cs_l=0)
    assert question.question.startswith("VMXON by Bochs 2.7, ready except for CR0.PG = 0")
    question.choice.value = "success"
    assert question.answer.value.startswith("<p role='status'>Right")
    assert "VMX root, no current VMCS" in question.answer.value
    with pytest.raises(TypeError, match="5 is neither a source's id nor"):
        nvmx.lab.predict("VMXON", 5, cpl=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="this state was not executed"):
        nvmx.lab.predict("VMXON", nvmx.bochs.recording(), smx=1)
