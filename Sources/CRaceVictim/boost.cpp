/* SPDX-License-Identifier: MIT */
/*
 * A program that is hit: a counted object in a heap in shared memory, as Boost.Interprocess makes it easy to have. Its
 * lock is Boost's interprocess_mutex, a robust mutex since Boost 1.78. Whoever gives up the last reference destroys the
 * object, as POSIX allows (pthread_mutex_destroy, "Destroying Mutexes"), and the heap hands its memory out again.
 *
 * C++, because Boost is. Not part of the package's own build: it is compiled where Boost's headers are.
 */
#include <boost/interprocess/managed_shared_memory.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#include <boost/version.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include <unistd.h>

#include "locks.h"

#ifndef BOOST_INTERPROCESS_POSIX_ROBUST_MUTEXES
#error "Boost 1.78 or newer is needed: its interprocess_mutex is a robust mutex"
#endif

namespace interprocess = boost::interprocess;

namespace {

struct Counted {
	interprocess::interprocess_mutex mutex;
	int references = 2;
};

/* The next user of the memory, of the same size. */
struct Record {
	unsigned char contents[sizeof(Counted)];
};

std::unique_ptr<interprocess::managed_shared_memory> segment;
Counted *object;

/* Victims of one runner find each other by it. */
std::string name()
{
	return "robust-list-race-" + std::to_string(getppid());
}

Counted *counted(void *lock)
{
	return static_cast<Counted *>(lock);
}

void describe(crv_place *place)
{
	const auto base = reinterpret_cast<std::uintptr_t>(segment->get_address());

	/* The file is mapped from its beginning, and the segment lies a header behind that. */
	place->lock = object;
	place->offset = reinterpret_cast<std::uintptr_t>(object) - base + base % static_cast<unsigned>(getpagesize());
}

template <typename Body> int attempt(Body body)
{
	try {
		return body();
	} catch (const interprocess::lock_exception &error) {
		/* Boost has found EOWNERDEAD, and made the mutex unusable. */
		return error.get_error_code() == interprocess::not_recoverable ? EOWNERDEAD : EINVAL;
	} catch (const interprocess::interprocess_exception &error) {
		return error.get_native_error() ? error.get_native_error() : EINVAL;
	} catch (const std::bad_alloc &) {
		return ENOMEM;
	}
}

int init(void *, int)
{
	return ENOSYS;
}

int lock(void *lock)
{
	return attempt([&] {
		counted(lock)->mutex.lock();
		counted(lock)->references--;
		return 0;
	});
}

int trylock(void *lock)
{
	return attempt([&] { return counted(lock)->mutex.try_lock() ? 0 : EBUSY; });
}

int unlock(void *lock)
{
	counted(lock)->mutex.unlock();
	return 0;
}

int consistent(void *)
{
	return ENOSYS;
}

/* Gives up the last reference. */
int destroy(void *lock)
{
	if (counted(lock)->references)
		return EBUSY;
	return attempt([&] {
		segment->destroy_ptr(counted(lock));
		return 0;
	});
}

const crv_locks locks = { sizeof(Counted), init, lock, trylock, unlock, consistent, destroy };

} // namespace

extern "C" const crv_locks *crv_boost_locks()
{
	return &locks;
}

extern "C" int crv_boost_create(crv_place *place)
{
	return -attempt([&] {
		segment.reset();
		interprocess::shared_memory_object::remove(name().c_str());
		segment = std::make_unique<interprocess::managed_shared_memory>(interprocess::create_only, name().c_str(),
										 1 << 16);
		object = segment->construct<Counted>("counted")();
		describe(place);
		return 0;
	});
}

extern "C" int crv_boost_open(crv_place *place)
{
	return -attempt([&] {
		segment = std::make_unique<interprocess::managed_shared_memory>(interprocess::open_only, name().c_str());
		object = segment->find<Counted>("counted").first;
		if (!object)
			return ENOENT;
		describe(place);
		return 0;
	});
}

extern "C" int crv_boost_reuse(void *memory)
{
	return -attempt([&] {
		/* Named as the first one was, so that the heap needs a block of the same size. */
		auto *record = segment->construct<Record>("another")();

		return static_cast<void *>(record) == memory ? 0 : EXDEV;
	});
}
