// SPDX-License-Identifier: MIT

import CRobustFutex
import CTestProcesses
import RobustFutex

/// A robust list head that a check places anywhere in the memory of a task, which registers it.
///
/// Operations are written into it from outside: to the kernel there is no difference to the task's own stores.
package struct PlacedHead {
    /// The kind of list that the kernel reads it as, which decides its width.
    package enum Layout: Sendable {
        case native
        /// Of 32-bit tasks; 64-bit ones can register one beside their own by `int $0x80`.
        case compat
        /// That of 32 bits, registered by a system call of the x32 ABI.
        case x32

        package var size: Int { self == .native ? 24 : 12 }
        /// Offset of `list_op_pending`, which is the last member.
        package var pendingOffset: UInt { self == .native ? 16 : 8 }
    }

    package let task: PeerTask
    package let address: UInt
    package let layout: Layout

    /// Registers the head. set_robust_list(2) does not look at the memory.
    package init(of task: PeerTask, at address: UInt, _ layout: Layout = .native) throws {
        self.task = task
        self.address = address
        self.layout = layout
        let size = UInt(layout.size)
        let result =
            switch layout {
            case .native: try task.syscall(crf_nr_set_robust_list, address, size)
            case .compat:
                try task.syscall(
                    Int(CRF_32_SET_ROBUST_LIST), address, size,
                    by: task.is32Bit ? CTP_ENTRY_NATIVE : CTP_ENTRY_INT80)
            case .x32:
                try task.syscall(Int(CRF_X32_BIT) | Int(CRF_X32_SET_ROBUST_LIST), address, size)
            }
        _ = try required("set_robust_list of task \(task.tid), \(layout)", result)
    }

    /// The task is in the race window afterwards: list empty, this operation pending.
    package func enterWindow(
        at word: UInt, offset: Int = PeerTask.defaultFutexOffset, isPI: Bool = false
    ) throws {
        let operation = PendingOperation(futexWord: word, futexOffset: offset, isPI: isPI)
        try set(pending: operation.rawValue, offset: offset)
    }

    /// Any values; those of a head of 32 bits are cut to its width.
    package func set(next: UInt? = nil, pending: UInt, offset: Int) throws {
        let next = next ?? address
        switch layout {
        case .native:
            try task.store(
                crf_robust_list_head(next: next, futex_offset: offset, list_op_pending: pending), at: address)
        case .compat, .x32:
            try task.store(
                crf_compat_robust_list_head(
                    next: UInt32(truncatingIfNeeded: next), futex_offset: Int32(truncatingIfNeeded: offset),
                    list_op_pending: UInt32(truncatingIfNeeded: pending)), at: address)
        }
    }

    /// Private memory of a peer, at an address that a head of the layout can hold.
    package static func memory(for layout: Layout, in peer: Peer, pages: Int = 1) throws -> UInt {
        let length = pages * pageSize
        return layout == .native
            ? try peer.map(anonymous: .private, length: length) : try peer.mapLow(length: length)
    }

    /// A page of a file, mapped there as shared.
    package static func page(of file: borrowing MemoryFile, for layout: Layout, in peer: Peer) throws -> UInt
    {
        layout == .native
            ? try peer.map(file, length: pageSize) : try peer.mapLow(file, length: pageSize)
    }

    /// `list_op_pending` as it is.
    package func pending() throws -> UInt {
        let place = address + layout.pendingOffset
        return layout == .native
            ? try task.load(UInt.self, at: place) : UInt(try task.load(UInt32.self, at: place))
    }
}
