/* SPDX-License-Identifier: MIT */
/* The storm's database in tdb, with a robust mutex for each hash chain. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <tdb.h>

#include "storm.h"

const bool store_is_emptied = true;

static struct tdb_context *database;

static _Noreturn void fail(const char *what)
{
	storm_fail(what, database ? tdb_errorstr(database) : "the database cannot be opened");
}

void store_open(const char *directory)
{
	char path[256];

	if (!tdb_runtime_check_for_robust_mutexes())
		storm_fail("tdb", "has no robust mutexes");
	snprintf(path, sizeof(path), "%s/storm.tdb", directory);
	/* Emptied by whoever opens it first: tdb has its mutexes with such files only. */
	database = tdb_open(path, 0, TDB_MUTEX_LOCKING | TDB_CLEAR_IF_FIRST | TDB_INCOMPATIBLE_HASH | TDB_NOSYNC,
			    O_RDWR | O_CREAT, 0600);
	if (!database)
		fail("tdb_open");
}

void store_close(void)
{
	if (tdb_close(database))
		storm_fail("tdb_close", "failed");
}

static TDB_DATA key(const char *name)
{
	return (TDB_DATA){ (unsigned char *)name, strlen(name) };
}

static uint64_t counter(const char *name)
{
	TDB_DATA value = tdb_fetch(database, key(name));
	uint64_t number;

	if (!value.dptr) {
		if (tdb_error(database) != TDB_ERR_NOEXIST)
			fail("tdb_fetch");
		return 0;
	}
	if (value.dsize != sizeof(number))
		storm_fail("tdb_fetch", "a counter of another size");
	memcpy(&number, value.dptr, sizeof(number));
	free(value.dptr);
	return number;
}

static void put(const char *name, uint64_t number)
{
	if (tdb_store(database, key(name), (TDB_DATA){ (unsigned char *)&number, sizeof(number) }, TDB_REPLACE))
		fail("tdb_store");
}

static struct counters counters(void)
{
	return (struct counters){ counter("left"), counter("right") };
}

struct counters store_read(void)
{
	struct counters found;

	if (tdb_transaction_start(database))
		fail("tdb_transaction_start");
	found = counters();
	if (tdb_transaction_cancel(database))
		fail("tdb_transaction_cancel");
	return found;
}

struct counters store_increment(void)
{
	struct counters found;

	if (tdb_transaction_start(database))
		fail("tdb_transaction_start");
	found = counters();
	put("left", found.left + 1);
	put("right", found.right + 1);
	if (tdb_transaction_commit(database))
		fail("tdb_transaction_commit");
	return found;
}
