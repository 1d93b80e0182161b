/* SPDX-License-Identifier: MIT */
/* The storm's database in LMDB, whose last process destroys the robust mutexes of the lock file when it closes. */
#include <lmdb.h>
#include <stddef.h>

#include "storm.h"

const bool store_is_emptied = false;

static MDB_env *environment;
static MDB_dbi database;

static void require(int result, const char *what)
{
	if (result != MDB_SUCCESS)
		storm_fail(what, mdb_strerror(result));
}

void store_open(const char *directory)
{
	MDB_txn *transaction;

	require(mdb_env_create(&environment), "mdb_env_create");
	/* Only processes die here, not the machine. */
	require(mdb_env_open(environment, directory, MDB_NOSYNC, 0600), "mdb_env_open");
	require(mdb_txn_begin(environment, NULL, 0, &transaction), "mdb_txn_begin");
	require(mdb_dbi_open(transaction, NULL, 0, &database), "mdb_dbi_open");
	require(mdb_txn_commit(transaction), "mdb_txn_commit");
}

void store_close(void)
{
	mdb_env_close(environment);
}

static uint64_t counter(MDB_txn *transaction, char name)
{
	MDB_val key = { sizeof(name), &name };
	MDB_val value;
	int result = mdb_get(transaction, database, &key, &value);

	if (result == MDB_NOTFOUND)
		return 0;
	require(result, "mdb_get");
	if (value.mv_size != sizeof(uint64_t))
		storm_fail("mdb_get", "a counter of another size");
	return *(const uint64_t *)value.mv_data;
}

static void put(MDB_txn *transaction, char name, uint64_t number)
{
	MDB_val key = { sizeof(name), &name };
	MDB_val value = { sizeof(number), &number };

	require(mdb_put(transaction, database, &key, &value, 0), "mdb_put");
}

static struct counters counters(MDB_txn *transaction)
{
	return (struct counters){ counter(transaction, 'l'), counter(transaction, 'r') };
}

struct counters store_read(void)
{
	struct counters found;
	MDB_txn *transaction;

	require(mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction), "mdb_txn_begin");
	found = counters(transaction);
	mdb_txn_abort(transaction);
	return found;
}

struct counters store_increment(void)
{
	struct counters found;
	MDB_txn *transaction;

	require(mdb_txn_begin(environment, NULL, 0, &transaction), "mdb_txn_begin");
	found = counters(transaction);
	put(transaction, 'l', found.left + 1);
	put(transaction, 'r', found.right + 1);
	require(mdb_txn_commit(transaction), "mdb_txn_commit");
	return found;
}
