/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "race.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static const char *const outcome_words[] = { [HELD] = "still held", [CORRUPTED] = "corrupted", [INTACT] = "intact" };

static const char *word_for(bool condition)
{
	return condition ? "true" : "false";
}

/* Nothing that is written needs escaping: names and numbers of our own, and of the kernel's build. */
static void write_kernel(FILE *file, const struct result *result)
{
	struct utsname names;

	uname(&names);
	fprintf(file,
		"\"kernel\":{\"release\":\"%s\",\"machine\":\"%s\",\"cleanupRobustList\":%s,\"detection\":\"%s\","
		"\"futexRobustUnlock\":false}",
		names.release, names.machine, word_for(result->has_call), result->detection);
}

static void write_library(FILE *file, const struct scenario *scenario, const struct result *result)
{
	char name[32];

	fprintf(file, "\"libraries\":[");
	if (*result->library) {
		snprintf(name, sizeof(name), "%s", result->library);
		char *version = strchr(name, ' ');

		if (version)
			*version++ = 0;
		fprintf(file, "{\"unlocker\":\"%s\",\"name\":\"%s\",", scenario->unlocker, name);
		if (version)
			fprintf(file, "\"version\":\"%s\",", version);
		fprintf(file, "\"bits\":%u,\"program\":\"%s\"}", result->pointer_bits, scenario->program);
	}
	fprintf(file, "]");
}

static void write_boundaries(FILE *file, const struct scenario *scenario, const struct result *result)
{
	const char *place = scenario->technique == SINGLE_STEP ? "step" : "stop";

	fprintf(file, "\"records\":[");
	for (unsigned int i = 0; i < result->count; i++) {
		const struct boundary *boundary = &result->boundaries[i];

		fprintf(file,
			"%s{\"index\":%u,\"location\":\"%s %u\",\"word\":%u,\"released\":%s,\"pending\":%s,"
			"\"outcome\":\"%s\"}",
			i ? "," : "", i, place, i + 1, boundary->word, word_for(boundary->released),
			word_for(boundary->pending), outcome_words[boundary->outcome]);
	}
	fprintf(file, "],\"contradictions\":[");
	for (unsigned int i = 0, written = 0; i < result->count; i++) {
		const struct boundary *boundary = &result->boundaries[i];

		if (boundary->strange)
			fprintf(file, "%s\"boundary %u: memory was written to in another way than the race does\"",
				written++ ? "," : "", i);
		if (boundary->outcome != boundary->required)
			fprintf(file,
				"%s\"boundary %u: %s, expected %s: the word is %sreleased, list_op_pending %sset\"",
				written++ ? "," : "", i, outcome_words[boundary->outcome],
				outcome_words[boundary->required], boundary->released ? "" : "not ",
				boundary->pending ? "" : "not ");
	}
	fprintf(file, "]");
}

static void write_cell(FILE *file, const struct scenario *scenario, const struct result *result, double seconds)
{
	unsigned int in_window = 0, corrupted = 0;

	for (unsigned int i = 0; i < result->count; i++) {
		in_window += result->boundaries[i].released && result->boundaries[i].pending;
		corrupted += result->boundaries[i].outcome == CORRUPTED;
	}
	fprintf(file,
		"{\"identifier\":\"%s\",\"scenario\":{\"technique\":\"%s\",\"unlocker\":\"%s\",\"variant\":\"%s\","
		"\"memory\":\"shared\",\"killer\":\"sigkill\",\"destroyer\":\"%s\"},",
		scenario->identifier, scenario->technique == SINGLE_STEP ? "single-step" : "syscall-stop",
		scenario->unlocker, scenario->contended ? "contended" : "plain", scenario->cleans ? "cleanup" : "legacy");
	fprintf(file, "\"verdict\":\"%s\",", result->reason ? "cannot run" : corrupted ? "corrupted" : "intact");
	if (result->reason)
		fprintf(file, "\"reason\":\"%s\",", result->reason);
	fprintf(file,
		"\"boundaries\":%u,\"inWindow\":%u,\"tried\":%u,\"corrupted\":%u,\"waits\":0,\"seconds\":%.3f,",
		result->count, in_window, result->count, corrupted, seconds);
	write_boundaries(file, scenario, result);
	fprintf(file, "}");
}

int write_report(const char *path, const struct scenario *scenario, const struct result *result)
{
	double seconds = (double)(time(NULL) - result->start);
	FILE *file = fopen(path, "w");

	if (!file)
		broken("%s: %s", path, strerror(errno));
	fprintf(file, "{\"schema\":{\"name\":\"robust-list-check race\",\"version\":1},");
	fprintf(file, "\"command\":[\"race\",\"%s\"],\"quick\":false,\"started\":%lld,\"seconds\":%.3f,",
		scenario->identifier, (long long)result->start, seconds);
	write_kernel(file, result);
	fprintf(file, ",");
	write_library(file, scenario, result);
	fprintf(file, ",\"cells\":[");
	write_cell(file, scenario, result, seconds);
	fprintf(file, "]}\n");
	if (ferror(file) | fclose(file))
		broken("%s: %s", path, strerror(errno));
	return 0;
}
