// SPDX-License-Identifier: GPL-2.0-only
#include <asm/byteorder.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sizes.h>
#include <poll.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <libvfio/assert.h>
#include <libvfio/oracle.h>

#define PORTS		"/sys/class/virtio-ports"
#define PORT_NAME	"org.guest-stage.oracle"
#define ANSWER_MAX	SZ_1M
#define ANSWER_SECONDS	60
#define OPEN_TRIES	100
#define OPEN_WAIT_US	20000

static int oracle_fd = -1;

static bool is_oracle(const char *port)
{
	char path[PATH_MAX], name[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), PORTS "/%s/name", port);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	name[strcspn(name, "\n")] = '\0';
	return !strcmp(name, PORT_NAME);
}

/* One process at a time has it open, and one that was killed may take a while. */
static void open_port(const char *port)
{
	char path[PATH_MAX];
	int tries;

	snprintf(path, sizeof(path), "/dev/%s", port);
	for (tries = 0; oracle_fd < 0 && tries < OPEN_TRIES; tries++) {
		if (tries)
			usleep(OPEN_WAIT_US);
		oracle_fd = open(path, O_RDWR | O_CLOEXEC);
	}
	VFIO_ASSERT(oracle_fd >= 0, "%s", path);
}

static bool is_late(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start->tv_sec > ANSWER_SECONDS;
}

/*
 * The answer comes from outside the machine. Where its time stands for
 * instructions, a processor that sleeps makes all of its timers expire at once,
 * the test's own timeout among them: stay awake.
 */
static size_t read_some(const char *question, char *buf, size_t size)
{
	struct pollfd fd = { .fd = oracle_fd, .events = POLLIN };
	struct timespec start;
	ssize_t got;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!poll(&fd, 1, 0))
		VFIO_ASSERT(!is_late(&start), "no answer to '%s'", question);
	got = read(oracle_fd, buf, size);
	VFIO_ASSERT(got > 0, "no end to the answer to '%s'", question);
	return got;
}

static void read_answer(const char *question, char *answer)
{
	size_t len = 0;

	while (!len || answer[len - 1] != '\n')
		len += read_some(question, answer + len, ANSWER_MAX - 1 - len);
	answer[len - 1] = '\0';
}

/*
 * A test that was killed may have left half a question, or its answer may be on the
 * way. An unknown request is answered by an error that quotes it.
 */
static void synchronize(void)
{
	char *answer = malloc(ANSWER_MAX), request[32];

	snprintf(request, sizeof(request), "hello-%d-%ld", getpid(), time(NULL));
	VFIO_ASSERT(answer && dprintf(oracle_fd, "\n%s\n", request) > 0, "oracle");
	do {
		read_answer(request, answer);
	} while (!strstr(answer, request));
	free(answer);
}

bool oracle_present(void)
{
	struct dirent *entry;
	DIR *dir;

	if (oracle_fd >= 0)
		return true;
	dir = opendir(PORTS);
	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (is_oracle(entry->d_name))
			open_port(entry->d_name);
	closedir(dir);
	if (oracle_fd >= 0)
		synchronize();
	return oracle_fd >= 0;
}

/* The caller frees the answer. */
static char *ask(const char *fmt, ...)
{
	char question[64], *answer = malloc(ANSWER_MAX);
	va_list args;

	VFIO_ASSERT(oracle_present() && answer, "no oracle");
	va_start(args, fmt);
	vsnprintf(question, sizeof(question), fmt, args);
	va_end(args);
	VFIO_ASSERT(dprintf(oracle_fd, "%s\n", question) > 0, "'%s'", question);
	read_answer(question, answer);
	VFIO_ASSERT(strncmp(answer, "error", 5), "'%s': %s", question, answer);
	return answer;
}

void oracle_mark(void)
{
	free(ask("mark %d", getpid()));
}

void oracle_ste(u16 sid, struct ste *ste)
{
	char *answer = ask("ste %x", sid), *pos = answer;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		char *end;

		ste->data[i] = strtoull(pos, &end, 16);
		VFIO_ASSERT(end != pos, "'%s' is not an entry", answer);
		pos = end;
	}
	free(answer);
}

u32 oracle_register(u32 offset)
{
	char *answer = ask("reg %x", offset), *end;
	u32 value = strtoul(answer, &end, 16);

	VFIO_ASSERT(end != answer, "'%s' is not a register", answer);
	free(answer);
	return value;
}

static u32 eventq_shift(void)
{
	return FIELD_GET(EVENTQ_BASE_LOG2SIZE, oracle_register(SMMU_EVENTQ_BASE));
}

/* One bit more than an index has: the wrap bit. */
static u32 eventq_pos_mask(void)
{
	return (2U << eventq_shift()) - 1;
}

u32 oracle_eventq_pos(void)
{
	return oracle_register(SMMU_EVENTQ_PROD) & eventq_pos_mask();
}

u32 oracle_eventq_since(u32 pos)
{
	return (oracle_eventq_pos() - pos) & eventq_pos_mask();
}

static u64 eventq_base(void)
{
	return (oracle_register(SMMU_EVENTQ_BASE) |
		(u64)oracle_register(SMMU_EVENTQ_BASE + 4) << 32) &
	       EVENTQ_BASE_ADDR;
}

void oracle_memory(u64 address, void *buf, size_t size)
{
	char *answer = ask("mem %#llx %zu", (unsigned long long)address, size);
	unsigned int i;

	VFIO_ASSERT(strlen(answer) == 2 * size, "'%s' is not memory", answer);
	for (i = 0; i < size; i++) {
		char digits[] = { answer[2 * i], answer[2 * i + 1], '\0' };

		((u8 *)buf)[i] = strtoul(digits, NULL, 16);
	}
	free(answer);
}

void oracle_eventq_read(u32 pos, u64 event[4])
{
	u64 size = 4 * sizeof(*event);
	u32 index = pos & ((1U << eventq_shift()) - 1);
	unsigned int i;

	oracle_memory(eventq_base() + index * size, event, size);
	for (i = 0; i < 4; i++)
		event[i] = __le64_to_cpu(event[i]);
}

void oracle_last_event(u64 record[4])
{
	oracle_eventq_read((oracle_eventq_pos() - 1) & eventq_pos_mask(), record);
}

void oracle_unplug(unsigned int n)
{
	free(ask("unplug %u", n));
}

void oracle_plug(unsigned int n)
{
	free(ask("plug %u", n));
}

/* An answer that is a list: "-" stands for an empty one. */
static char *ask_list(const char *question)
{
	char *answer = ask("%s", question);

	if (!strcmp(answer, "-"))
		answer[0] = '\0';
	return answer;
}

static bool is_prefetch(const char *word)
{
	return !strncmp(word, "PREFETCH", strlen("PREFETCH"));
}

char *oracle_commands(void)
{
	char *answer = ask_list("cmds"), *line = calloc(1, strlen(answer) + 2);
	char *word, *end = line;

	for (word = strtok(answer, " "); word; word = strtok(NULL, " "))
		if (!is_prefetch(word))
			end += sprintf(end, "%s%s", end == line ? "" : " ", word);
	free(answer);
	return line;
}

char *oracle_events(void)
{
	return ask_list("events");
}

char *oracle_translations(u16 sid)
{
	return ask("translations %x", sid);
}

unsigned int oracle_count(const char *line, const char *prefix)
{
	size_t len = strlen(prefix);
	unsigned int count = 0;

	while (*line) {
		count += !strncmp(line, prefix, len);
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return count;
}

unsigned int oracle_count_commands(const char *prefix)
{
	char *answer = ask("count %s", prefix), *end;
	unsigned int count = strtoul(answer, &end, 10);

	VFIO_ASSERT(end != answer, "'%s' is not a number", answer);
	free(answer);
	return count;
}

unsigned int oracle_count_events(void)
{
	char *line = oracle_events();
	unsigned int count = oracle_count(line, "");

	free(line);
	return count;
}

bool oracle_saw_event(const char *name, u16 sid)
{
	char *line = oracle_events(), word[64];
	bool seen;

	snprintf(word, sizeof(word), "%s:sid=%x", name, sid);
	seen = oracle_count(line, word);
	free(line);
	return seen;
}

bool oracle_commands_of_vmid(u16 vmid)
{
	char *line = oracle_commands();
	const char *pos;
	bool own = true;

	for (pos = line; own && (pos = strstr(pos, "vmid=")); pos++)
		own = strtoul(pos + strlen("vmid="), NULL, 10) == vmid;
	free(line);
	return own;
}

static const char *skip_words(const char *pos, const char *prefix)
{
	while (!strncmp(pos, prefix, strlen(prefix))) {
		pos += strcspn(pos, " ");
		pos += strspn(pos, " ");
	}
	return pos;
}

bool oracle_stage2_unmap_complete(u16 vmid)
{
	char *line = oracle_commands(), rest[64];
	const char *pos = line;
	bool complete = false;

	snprintf(rest, sizeof(rest), "SYNC TLBI_NH_ALL:vmid=%u SYNC", vmid);
	while ((pos = strstr(pos, "TLBI_S2_IPA"))) {
		pos = skip_words(pos, "TLBI_S2_IPA");
		complete = !strncmp(pos, rest, strlen(rest));
		if (!complete)
			break;
	}
	free(line);
	return complete;
}
