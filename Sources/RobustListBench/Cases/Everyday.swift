// SPDX-License-Identifier: MIT

import BenchReport
import CRobustFutex
import CRobustListBench
import Glibc
import TestProcesses

extension BenchCase {
    /// Operations that must cost the same on a kernel with the call and on one without. None of them touches the call.
    static let everyday = locking + living + mapping

    private static let locking = [
        everyday("lock", "pthread_mutex_lock, robust, uncontended") { _ in
            Job(crb_lock, on: try mutex(), settle: crb_unlock)
        },
        everyday("unlock", "pthread_mutex_unlock, robust, uncontended") { _ in
            Job(crb_unlock, on: try mutex(), prepare: crb_lock)
        },
        everyday(
            "contended-unlock", "pthread_mutex_unlock, robust, wakes a waiter",
            systemCalls: [Int(SYS_futex)]
        ) { _ in
            let mutex = try mutex()
            try required("a contending thread", crb_start_contender(OpaquePointer(mutex)))
            return Job(crb_unlock, on: mutex, prepare: crb_lock_contended, settle: crb_await_contender)
        },
        everyday(
            "set_robust_list", "get_robust_list and set_robust_list",
            systemCalls: [crf_nr_get_robust_list, crf_nr_set_robust_list]
        ) { _ in Job(crb_register_head) },
    ]

    private static let living = [
        everyday("thread", "pthread_create, exit of the thread, pthread_join") { _ in Job(crb_create_thread)
        },
        everyday("fork", "fork, exit of the child, waitpid") { _ in Job(crb_fork) },
        everyday("exec", "posix_spawn of a program of three instructions, its exit, waitpid") { setup in
            let program = try required("a program in a memfd", crb_make_program())
            return Job(crb_spawn, on: setup.context(Int32(program)))
        },
    ]

    private static let mapping = [
        everyday("mmap", "mmap of an anonymous page", systemCalls: [Int(SYS_mmap)]) { setup in
            Job(crb_map, on: setup.context(page), settle: crb_unmap)
        },
        everyday(
            "munmap", "munmap of an anonymous page that was written to", systemCalls: [Int(SYS_munmap)]
        ) { setup in
            Job(crb_unmap, on: setup.context(page), prepare: crb_map_touched)
        },
    ]

    private static func everyday(
        _ name: String, _ title: String, systemCalls: [Int]? = nil,
        job: @escaping @Sendable (Setup) throws -> Job
    ) -> BenchCase {
        BenchCase(name, .bystander, title, systemCalls: systemCalls, job: job)
    }

    private static func mutex() throws -> UnsafeMutableRawPointer {
        guard let mutex = crb_make_mutex() else { throw CheckError.broken("libc made no robust mutex") }
        return UnsafeMutableRawPointer(mutex)
    }

    private static var page: crb_page { crb_page(address: nil, length: 4096) }
}
