/* Intel's VMXON over every state, in the order of a table of all 21 axes (LOCK is the decoder's): what a compiled loop takes.
 * A third derivation of the same rules: the nested form, with plain branches. Prints nothing; see outcomes.py. */
#include <stdint.h>

enum { SUCCESS, UD, GP, SS, PF, FAIL_INVALID, FAIL_VALID, EXIT };
enum { MAPPED, UNMAPPED, GP_FAULT, SS_FAULT, REGISTER };
enum { OFF, ROOT, NON_ROOT };

struct state {
	int operand, pe, ne, pg, vmxe, others, lma, vm, l, cpl, vmx, vmcs, lock, in_smx, outside_smx, smx, a20m;
	int aligned, in_width, match, bit31;
};

static uint8_t vmxon(const struct state *s)
{
	if (s->operand == REGISTER || !s->pe || !s->vmxe || s->vm || (s->lma && !s->l))
		return UD;
	if (s->vmx == OFF) {
		if (s->cpl || s->a20m || !s->ne || !s->pg || !s->others || !s->lock || !(s->smx ? s->in_smx : s->outside_smx))
			return GP;
		switch (s->operand) {
		case UNMAPPED:
			return PF;
		case GP_FAULT:
			return GP;
		case SS_FAULT:
			return SS;
		}
		if (!s->aligned || !s->in_width || !s->match || s->bit31)
			return FAIL_INVALID;
		return SUCCESS;
	}
	if (s->vmx == NON_ROOT)
		return EXIT;
	if (s->cpl)
		return GP;
	return s->vmcs ? FAIL_VALID : FAIL_INVALID;
}

#define EACH(axis, size) for (s.axis = 0; s.axis < (size); s.axis++)

void every_state(uint8_t *out)
{
	struct state s;

	EACH(operand, 5) EACH(pe, 2) EACH(ne, 2) EACH(pg, 2) EACH(vmxe, 2) EACH(others, 2) EACH(lma, 2) EACH(vm, 2) EACH(l, 2)
	EACH(cpl, 4) EACH(vmx, 3) EACH(vmcs, 2) EACH(lock, 2) EACH(in_smx, 2) EACH(outside_smx, 2) EACH(smx, 2)
	EACH(a20m, 2) EACH(aligned, 2) EACH(in_width, 2) EACH(match, 2) EACH(bit31, 2)
		*out++ = vmxon(&s);
}
