// SPDX-License-Identifier: GPL-2.0-only
/* Checks what the SMMU has and what it is told: the guest has a say in its part only. */
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include <libvfio/fuzz_smmu.h>
#include <libvfio/guest_cds.h>
#include <libvfio/oracle.h>

/* Whether the guest's part of stage 1 has nothing that hardware would take for another. */
static bool stage1_is_sane(struct fuzz_guest *f, const struct ste *ste)
{
	u64 bits = STE_FIELD(ste, 0, S1CDMAX), fmt = STE_FIELD(ste, 0, S1FMT);
	u64 dss = STE_FIELD(ste, 1, S1DSS), size;

	if (!bits)
		return !fmt && !dss;
	size = guest_cds_size(fmt, bits);
	return ste_config(ste) == STE_CONFIG_NESTED && bits <= f->info.pasid_bits &&
	       fmt <= S1FMT_64K_L2 && dss <= S1DSS_SSID0 &&
	       !(ste_s1contextptr(ste) & (size - 1));
}

/* Whether the host's part is as in state 2, and the guest may have the rest. */
static bool ste_is_sane(struct fuzz_guest *f, const struct ste *ste)
{
	const struct ste *host = &f->vmm.stage2_ste;
	u64 guests = STE_1_GUEST | STE_1_S1DSS;

	if (ste_config(ste) == STE_CONFIG_ABORT)
		return ste->data[0] == STE_0_V;
	if (!STE_FIELD(ste, 0, V) || ste_config(ste) < STE_CONFIG_S2_TRANS ||
	    !stage1_is_sane(f, ste))
		return false;
	/* If the host has ATS on, the guest may have it on or off. */
	guests |= host->data[1] & STE_1_EATS;
	return ste_s1contextptr(ste) < 1ULL << f->info.ipa_bits &&
	       !((ste->data[1] ^ host->data[1]) & ~guests) &&
	       !memcmp(&ste->data[2], &host->data[2], 6 * sizeof(u64));
}

const char *fuzz_check_ste(struct fuzz_guest *f, int ret)
{
	struct ste before = f->ste;

	if (!oracle_present())
		return NULL;
	oracle_ste(f->vmm.device.sid, &f->ste);
	if (ret && memcmp(&f->ste, &before, sizeof(before)))
		return "a call that failed changed the STE";
	return ste_is_sane(f, &f->ste) ? NULL : "the STE isn't the host's any more";
}

const char *fuzz_check_commands(struct fuzz_guest *f)
{
	static const char * const known[] = { "CFGI_STE", "CFGI_CD", "TLBI_NH_",
					      "TLBI_S2_IPA", "ATC_INV", "SYNC" };
	unsigned int i, count = 0;
	char *line, *pos;
	bool own;

	if (!oracle_present())
		return NULL;
	own = oracle_commands_of_vmid(ste_vmid(&f->vmm.stage2_ste));
	line = oracle_commands();
	for (i = 0; i < ARRAY_SIZE(known); i++)
		count += oracle_count(line, known[i]);
	own &= count == oracle_count(line, "");
	for (pos = line; own && (pos = strstr(pos, "sid=")); pos++)
		/* This may be the end of asid= or ssid=. */
		own = pos[-1] == 'a' || pos[-1] == 's' ||
		      strtoul(pos + 4, NULL, 16) == f->vmm.device.sid;
	free(line);
	return own ? NULL : "the SMMU was given a command that isn't this guest's";
}
