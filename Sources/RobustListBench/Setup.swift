// SPDX-License-Identifier: MIT

import CRobustFutex
import CRobustListBench
import Glibc
import RobustFutex
import TestProcesses

/// The processes, threads and mappings around one measurement. Belongs to a process forked for it.
///
/// Peers are started before this process maps the range and starts threads: a fork copies neither then. All of
/// them sleep in a blocking wait when the measurement begins, so nothing runs but the caller.
final class Setup {
    /// The backing store of the locks, sparse.
    let file: MemoryFile
    let fileLength: Int
    private(set) var peers: [crb_peer] = []
    private var mapping: UInt = 0

    init(fileLength: Int = 4096) throws {
        self.fileLength = fileLength
        file = try MemoryFile(name: "robust-list-bench", length: fileLength)
    }

    // MARK: Peers

    /// Processes that map the file.
    ///
    /// - Parameter oneStackMapping: the threads' stacks, and so their robust list heads, lie in one mapping.
    func startSharers(
        _ count: Int, threads: Int = 1, oneStackMapping: Bool = false, mappings: Int = 1, length: Int = 4096
    ) throws {
        try start(
            count,
            crb_peer_plan(
                file: file.descriptor.rawValue, length: length, mappings: mappings, threads: UInt32(threads),
                one_stack_mapping: oneStackMapping, timeout_ms: Self.patience))
    }

    /// Processes that do not.
    func startUnrelated(_ count: Int) throws {
        try start(
            count,
            crb_peer_plan(
                file: -1, length: 0, mappings: 0, threads: 1, one_stack_mapping: false,
                timeout_ms: Self.patience))
    }

    /// Threads of this process, besides the one that measures. One of them, if any.
    @discardableResult
    func startThreads(_ count: Int) throws -> Int32 {
        var tid: Int32 = 0
        try required("\(count) threads", crb_start_threads(UInt32(count), &tid))
        return tid
    }

    private static let patience: Int32 = 60_000

    private func start(_ count: Int, _ plan: crb_peer_plan) throws {
        var plan = plan
        for number in 0..<count {
            var peer = crb_peer()
            try required("peer \(number + 1) of \(count)", crb_start_peer(&plan, &peer))
            peers.append(peer)
        }
    }

    /// Waits until every thread but the calling one sleeps.
    func settle() throws {
        for pid in peers.map(\.pid) + [getpid()] {
            try Deadline.poll(for: "the threads of process \(pid) to sleep") {
                try required("the state of process \(pid)", crb_is_asleep(pid)) == 1
            }
        }
    }

    func end() throws {
        for peer in peers { try required("the end of peer \(peer.pid)", crb_end_peer(peer.pid)) }
        peers = []
    }

    // MARK: Memory

    /// Maps the whole file here; once.
    func map() throws -> UInt {
        if mapping == 0 {
            let address = crf_mmap(
                0, fileLength, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor.rawValue, 0)
            mapping = UInt(bitPattern: try required("mmap of the file", address))
            UnsafeMutablePointer<UInt32>(bitPattern: mapping)!.pointee = 0
        }
        return mapping
    }

    /// A context that lives until this process ends.
    func context<Context: BitwiseCopyable>(_ value: Context) -> UnsafeMutableRawPointer {
        let pointer = UnsafeMutablePointer<Context>.allocate(capacity: 1)
        pointer.initialize(to: value)
        return UnsafeMutableRawPointer(pointer)
    }

    func range(length: Int = 4, flags: CleanupFlags = []) throws -> crb_range {
        crb_range(address: try map(), length: length, flags: flags.rawValue)
    }
}
