// SPDX-License-Identifier: MIT

import CRobustFutex
import SystemPackage

/// A robust list head, registered with the kernel for the thread that made it.
///
/// The kernel keeps one head a thread. While this value lives, the head that libc registered is out of
/// force for the thread: it must not hold or take a robust mutex of libc meanwhile. The value has to be
/// destroyed on the thread that made it, which puts the previous head back. Destroyed on
/// another thread it can do neither, and leaks 24 bytes, because the kernel would go on following them.
public struct RobustListHead: ~Copyable {
    private let head: UnsafeMutablePointer<crf_robust_list_head>
    private let previous: UnsafeMutablePointer<crf_robust_list_head>?
    private let thread: Int

    /// Registers an empty list for the calling thread.
    ///
    /// - Parameter futexOffset: lock entry + offset = futex word, in bytes.
    /// - Throws: the error of get_robust_list(2) or set_robust_list(2): `ENOSYS` on a kernel without futexes.
    public init(futexOffset: Int) throws(Errno) {
        var registered: UInt = 0
        _ = try valueOrErrno(crf_get_robust_list(0, &registered))
        let head = UnsafeMutablePointer<crf_robust_list_head>.allocate(capacity: 1)
        head.initialize(
            to: crf_robust_list_head(
                next: UInt(bitPattern: head), futex_offset: futexOffset, list_op_pending: 0))
        let result = crf_set_robust_list(head)
        guard result == 0 else {
            head.deallocate()
            throw Errno(rawValue: CInt(-result))
        }
        self.init(head: head, previous: UnsafeMutablePointer(bitPattern: registered))
    }

    private init(
        head: UnsafeMutablePointer<crf_robust_list_head>,
        previous: UnsafeMutablePointer<crf_robust_list_head>?
    ) {
        self.head = head
        self.previous = previous
        thread = crf_gettid()
    }

    /// `list_op_pending`. The kernel may set it to NULL at any time, by cleanup_robust_list(2).
    public var pending: PendingOperation? {
        get { PendingOperation(rawValue: crf_load_pointer(pendingPointer)) }
        nonmutating set { crf_store_pointer(pendingPointer, newValue?.rawValue ?? 0) }
    }

    /// The address of the head.
    public var address: UInt { UInt(bitPattern: head) }

    private var pendingPointer: UnsafeMutablePointer<UInt> {
        head.pointer(to: \.list_op_pending)!
    }

    deinit {
        guard thread == crf_gettid() else { return }
        if crf_set_robust_list(previous) == 0 { head.deallocate() }
    }
}
