// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest is told of its faults, field by field: what is expected is made here
 * from the SMMU's own queue in memory. For each cause that QEMU's SMMU knows.
 */
#include <asm/byteorder.h>
#include <libvfio/guest_commands.h>
#include <libvfio/guest_fault.h>
#include <libvfio/harness.h>

/* Nothing is there, whoever asks. */
#define NO_IOVA		0x7000000000ULL
/* Beyond what 4 levels of 4KB tables translate. */
#define FAR_IOVA	BIT_ULL(52)
/* Beyond what the descriptor's IPS says. */
#define FAR_IPA		BIT_ULL(42)

/*
 * QEMU's devices make one for every few bytes that they fail to transfer, and some
 * another one for the attempt to have all of them at once.
 */
#define RECORDS_MAX	(DMA_SIZE / 4 + 1)

FIXTURE(guest_stage_fault)
{
	struct vmm vmm;
	int fd;
	u32 pos;
	struct iommu_guest_fault faults[RECORDS_MAX];
	u64 address;
};

/*
 * struct cause - How to make the device fault
 * @prepare: What the guest does wrong, after which it is bound. The address that the
 *	     device then uses.
 * @write: Whether the device writes
 * @id: What the guest is told, 0 if nothing
 * @fetch_addr: What of an F_CD_FETCH or F_WALK_EABT, the page of it
 * @may_lack_s2: Of a fault of stage 2 that QEMU's own SMMU records with S2 = 0. Without
 *		 that bit the guest can't be told where it was.
 */
FIXTURE_VARIANT(guest_stage_fault)
{
	u64 (*prepare)(struct vmm *vmm);
	bool write;
	u8 id;
	u64 fetch_addr;
	bool may_lack_s2;
};

static u64 nothing_there(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
	return NO_IOVA;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, translation_read)
{
	.prepare = nothing_there,
	.id = EVT_ID_F_TRANSLATION,
};

FIXTURE_VARIANT_ADD(guest_stage_fault, translation_write)
{
	.prepare = nothing_there,
	.write = true,
	.id = EVT_ID_F_TRANSLATION,
};

static u64 too_far(struct vmm *vmm)
{
	guest_stage_translate(&vmm->device, &vmm->table);
	return FAR_IOVA;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, translation_of_too_many_bits)
{
	.prepare = too_far,
	.id = EVT_ID_F_TRANSLATION,
};

static u64 read_only(struct vmm *vmm)
{
	guest_table_map(&vmm->table, vmm->dst.iova, vmm->dst.ipa,
			GUEST_PAGE_SIZE, GUEST_READ);
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm->dst.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, permission)
{
	.prepare = read_only,
	.write = true,
	.id = EVT_ID_F_PERMISSION,
};

static u64 never_accessed(struct vmm *vmm)
{
	guest_table_map(&vmm->table, NO_IOVA, vmm->dst.ipa, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	*guest_table_entry(&vmm->table, NO_IOVA) &= ~__cpu_to_le64(PTE_AF);
	guest_stage_translate(&vmm->device, &vmm->table);
	return NO_IOVA;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, access)
{
	.prepare = never_accessed,
	.id = EVT_ID_F_ACCESS,
};

static u64 ipa_too_far(struct vmm *vmm)
{
	guest_table_map(&vmm->table, NO_IOVA, FAR_IPA, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	guest_stage_translate(&vmm->device, &vmm->table);
	return NO_IOVA;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, addr_size)
{
	.prepare = ipa_too_far,
	.id = EVT_ID_F_ADDR_SIZE,
};

static u64 invalid_cd(struct vmm *vmm)
{
	*guest_table_cd(&vmm->table) = 0;
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, bad_cd)
{
	.prepare = invalid_cd,
	.id = EVT_ID_C_BAD_CD,
};

static u64 no_cd(struct vmm *vmm)
{
	struct guest_table table = vmm->table;

	table.cd = UNMAPPED_IPA + CD_SIZE;
	guest_stage_translate(&vmm->device, &table);
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, cd_fetch)
{
	.prepare = no_cd,
	.id = EVT_ID_F_CD_FETCH,
	.fetch_addr = UNMAPPED_IPA,
};

static u64 no_top_table(struct vmm *vmm)
{
	__le64 *cd = guest_table_cd(&vmm->table);

	cd[1] = __cpu_to_le64(UNMAPPED_IPA);
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, walk_top_table)
{
	.prepare = no_top_table,
	.id = EVT_ID_F_WALK_EABT,
	.fetch_addr = UNMAPPED_IPA,
};

static u64 no_second_table(struct vmm *vmm)
{
	__le64 *top = guest_ram_ptr(&vmm->ram, vmm->table.ttb);

	*top = __cpu_to_le64(UNMAPPED_IPA | PTE_VALID | PTE_TABLE_OR_PAGE);
	guest_stage_translate(&vmm->device, &vmm->table);
	return vmm->src.iova;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, walk_second_table)
{
	.prepare = no_second_table,
	.id = EVT_ID_F_WALK_EABT,
	.fetch_addr = UNMAPPED_IPA,
	.may_lack_s2 = true,
};

static u64 no_memory(struct vmm *vmm)
{
	guest_table_map(&vmm->table, NO_IOVA, UNMAPPED_IPA, GUEST_PAGE_SIZE,
			GUEST_READ | GUEST_WRITE);
	guest_stage_translate(&vmm->device, &vmm->table);
	return NO_IOVA;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, final_access)
{
	.prepare = no_memory,
};

static u64 no_memory_bypass(struct vmm *vmm)
{
	guest_stage_bypass(&vmm->device);
	return UNMAPPED_IPA;
}

FIXTURE_VARIANT_ADD(guest_stage_fault, final_access_bypass)
{
	.prepare = no_memory_bypass,
};

FIXTURE_SETUP(guest_stage_fault)
{
	SKIP_WITHOUT_DEVICES(return, 1);
	SKIP_WITHOUT_ORACLE(return);
	vmm_init(&self->vmm, vfio_selftests_bdf(0));
	/* That a StreamID is not the host's shows. */
	self->vmm.device.vsid = 0xabcd00 + variant->id;
	self->fd = guest_fault_fd(&self->vmm.container, O_NONBLOCK | O_CLOEXEC);
	self->address = variant->prepare(&self->vmm);
	self->pos = oracle_eventq_pos();
}

FIXTURE_TEARDOWN(guest_stage_fault)
{
	if (self->fd >= 0)
		close(self->fd);
	vmm_cleanup(&self->vmm);
	EXPECT_TRUE(vmm_ste_is_host(&self->vmm));
}

static void access_memory(struct vmm *vmm, bool write, u64 address)
{
	if (write)
		dma_write(&vmm->device, address, DMA_SIZE);
	else
		dma_read(&vmm->device, address, DMA_SIZE);
}

/* Of what the SMMU recorded, that which a guest may know. */
static void make_event(const u64 from[4], u64 to[4], u32 vsid, u8 id,
		       u64 fetch_addr)
{
	u64 access = EVT_1_PNU | EVT_1_IND | EVT_1_RNW;

	memset(to, 0, 4 * sizeof(*to));
	to[0] = FIELD_PREP(EVT_0_ID, id) | FIELD_PREP(EVT_0_SID, vsid);
	if (id == EVT_ID_C_BAD_CD)
		return;
	to[3] = fetch_addr;
	if (id == EVT_ID_F_CD_FETCH)
		return;
	to[1] = (from[1] & access) |
		FIELD_PREP(EVT_1_CLASS, id == EVT_ID_F_WALK_EABT ?
			   EVT_CLASS_TT : EVT_CLASS_IN);
	to[2] = from[2];
}

TEST_F(guest_stage_fault, event)
{
	u32 vsid = self->vmm.device.vsid, num, i, word;
	u64 recorded[4], expected[4], fetch_addr;

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	access_memory(&self->vmm, variant->write, self->address);
	num = oracle_eventq_since(self->pos);
	ASSERT_LT(0, num);
	ASSERT_GE(RECORDS_MAX, num);
	if (!variant->id) {
		EXPECT_EQ(0, guest_faults_drain(self->fd));
		return;
	}

	guest_faults_expect(self->fd, self->faults, num);
	for (i = 0; i < num; i++) {
		oracle_eventq_read(self->pos + i, recorded);
		/* That it is the device's own shows too. */
		ASSERT_EQ(self->vmm.device.sid, recorded[0] >> 32);
		fetch_addr = variant->fetch_addr;
		if (fetch_addr && variant->may_lack_s2 && !(recorded[1] & EVT_1_S2))
			fetch_addr = 0;
		make_event(recorded, expected, vsid, variant->id, fetch_addr);
		for (word = 0; word < 4; word++)
			EXPECT_EQ(expected[word],
				  guest_fault_word(&self->faults[i], word));
		EXPECT_EQ(i, self->faults[i].sequence);
		EXPECT_EQ(0, self->faults[i].lost);
		EXPECT_EQ(0, self->faults[i].flags);
		EXPECT_EQ(IOMMU_GUEST_STAGE_FORMAT_ARM_SMMUV3,
			  self->faults[i].format);
	}
	EXPECT_EQ(0, guest_faults_drain(self->fd));
}

/* Where the SMMU tells of an access, it is the one that was made. */
TEST_F(guest_stage_fault, addresses)
{
	u32 i;

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	access_memory(&self->vmm, variant->write, self->address);
	if (variant->id < EVT_ID_F_WALK_EABT)
		return;
	guest_faults_expect(self->fd, self->faults, 2);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(!variant->write,
			  GUEST_FAULT_FIELD(&self->faults[i], 1, RNW));
		EXPECT_EQ(self->address,
			  guest_fault_word(&self->faults[i], 2) & ~0xfffULL);
	}
}

/* The host counts what it doesn't tell the guest, and nothing else. */
TEST_F(guest_stage_fault, counted)
{
	s64 before = host_iommu_counter(self->vmm.device.bdf,
					"guest_stage2_faults");

	SKIP_WITHOUT_DMA(return, &self->vmm.device);
	access_memory(&self->vmm, variant->write, self->address);
	guest_faults_drain(self->fd);
	EXPECT_EQ(variant->id ? 0 : oracle_eventq_since(self->pos),
		  host_iommu_counter(self->vmm.device.bdf,
				     "guest_stage2_faults") - before);
}

int main(int argc, char *argv[])
{
	return vfio_selftests_run(argc, argv);
}
