// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import RobustFutex

/// The locks that workers and destroyer share, as the destroyer uses them. For one thread.
final class StressArena {
    let file: MemoryFile
    private let mapping: MemoryMapping
    let lockCount: Int

    init(locks: Int) throws {
        precondition((1...Int(CTP_STRESS_LOCKS)).contains(locks))
        let length = Int(CTP_STRESS_BYTES)
        file = try MemoryFile(name: "robust-list-stress", length: length, inheritable: true)
        mapping = try MemoryMapping(of: file, length: length)
        lockCount = locks
        shared.pointee.locks = UInt32(locks)
    }

    private var shared: UnsafeMutablePointer<ctp_stress_arena> {
        UnsafeMutablePointer(bitPattern: mapping.address)!
    }

    private func lock(_ number: Int) -> UnsafeMutablePointer<ctp_stress_lock> {
        let offset = MemoryLayout<ctp_stress_arena>.offset(of: \.lock)!
        return UnsafeMutableRawPointer(shared).advanced(by: offset)
            .assumingMemoryBound(to: ctp_stress_lock.self) + number
    }

    private func thread(_ number: Int) -> UnsafeMutablePointer<ctp_stress_thread> {
        let offset = MemoryLayout<ctp_stress_arena>.offset(of: \.threads)!
        return UnsafeMutableRawPointer(shared).advanced(by: offset)
            .assumingMemoryBound(to: ctp_stress_thread.self) + number
    }

    func word(_ number: Int) -> FutexCell {
        FutexCell(lock(number).pointer(to: \.word)!)
    }

    /// The futex word and all that belongs to the lock, in this process.
    func memory(_ number: Int) -> (address: UInt, length: Int) {
        (UInt(bitPattern: lock(number)), MemoryLayout<ctp_stress_lock>.size)
    }

    /// Nobody begins to use the lock from now on.
    func close(_ number: Int) {
        _ = crf_exchange32(lock(number).pointer(to: \.closed)!, 1)
    }

    func open(_ number: Int) {
        word(number).store(.unlocked)
        crf_store32(lock(number).pointer(to: \.closed)!, 0)
    }

    /// Tells whether any thread may still take the lock; those that only have to release it do not count.
    func isUsed(_ number: Int) -> Bool {
        (0..<Int(CTP_STRESS_THREADS)).contains {
            crf_load32(thread($0).pointer(to: \.lock)!) == UInt32(number + 1)
        }
    }

    /// The thread that let the lock go last; 0 when nobody has had it.
    func lastOwner(_ number: Int) -> Int32 {
        Int32(bitPattern: crf_load32(lock(number).pointer(to: \.last)!))
    }

    /// The worker's thread that has that id, if it runs.
    func has(_ tid: Int32, _ worker: StressWorker) -> Bool {
        (worker.first..<worker.first + worker.threads).contains {
            crf_load32(thread($0).pointer(to: \.tid)!) == UInt32(bitPattern: tid)
        }
    }

    /// Clears what the threads of a process that is gone have left behind.
    func forget(_ worker: StressWorker) {
        for number in worker.first..<worker.first + worker.threads {
            crf_store32(thread(number).pointer(to: \.tid)!, 0)
            crf_store32(thread(number).pointer(to: \.lock)!, 0)
        }
    }

    /// The number of words in memory of dead threads that were reused so far, and how many of them have changed since.
    var burial: ctp_burial { ctp_stress_yard(shared).pointee.burial }

    /// Unlocks of all threads so far.
    var operations: UInt64 {
        (0..<Int(CTP_STRESS_THREADS)).reduce(0) { $0 + thread($1).pointee.operations }
    }
}
