// SPDX-License-Identifier: MIT

import CRaceVictim
import CRaceWindow
import CRobustFutex
import Glibc
import RaceReport
import RobustFutex
import SystemPackage
import TestProcesses

/// A process that locks, unlocks or destroys through a C library, as it is ordered to.
///
/// It ends with this value, with the thread that made it, and with the process.
final class Victim {
    /// The process's description of itself.
    struct Greeting {
        var library: String
        var pointerBits: Int
        var lockBytes: Int
        var unlockAddress: UInt64
    }

    let name: String
    let orders: OrderChannel
    /// Of a second thread, which is there once ``startHelper()`` has returned.
    let helper: OrderChannel
    let greeting: Greeting
    let handle: ProcessHandle
    /// Descriptor that reports its `FUTEX_WAKE`, if it was started with a filter; closed with this value.
    let listener: Int32?
    /// Of the second thread; 0 before ``startHelper()``.
    private(set) var helperThread: Int32 = 0
    private let program: VictimProgram
    private var isReaped = false

    var pid: Int32 { handle.pid }

    /// - Parameter role: its name in messages: "the unlocker", "the destroyer".
    /// - Throws: ``CannotRun`` when the program cannot be executed here.
    init(
        _ program: VictimProgram, role: String, memory: borrowing LockMemory, filter: WakeFilter? = nil
    ) throws {
        let name = "\(role) (\(program.unlocker.rawValue))"
        let orders = try OrderChannel(name: name)
        let helper = try OrderChannel(name: "the second thread of \(name)")
        let pid = try Self.spawn(
            program, orders: orders.far, memory: memory.descriptor, helper: helper.far, filter: filter)
        handle = try ProcessHandle(pid: pid)
        orders.start()
        helper.start()
        self.program = program
        self.name = "\(name), process \(pid)"
        self.orders = orders
        self.helper = helper
        try orders.send(CRV_HELLO, program.hello)
        listener = try filter.flatMap { _ in try Self.listener(of: program, orders) }
        greeting = try Self.greeting(of: program, orders).greeting
    }

    private static func spawn(
        _ program: VictimProgram, orders: Int32, memory: Int32, helper: Int32, filter: WakeFilter?
    ) throws -> Int32 {
        let texts = [
            program.library?.loader.string, program.library?.searchPath, program.preload?.file.string,
        ].map { $0.flatMap { strdup($0) } }
        defer { for text in texts { free(text) } }
        func spawn(_ path: UnsafePointer<CChar>?, _ filter: UnsafeRawBufferPointer) -> Int {
            var how = crw_victim(
                program: path, loader: texts[0], library_path: texts[1], preload: texts[2],
                preload_cleans_unmapped: program.preload?.cleansUnmapped ?? false, orders: orders,
                memory: memory, helper_orders: helper, filter: filter.baseAddress,
                filter_bytes: filter.count)
            return crw_spawn(&how)
        }
        func spawn(_ path: UnsafePointer<CChar>?) -> Int {
            guard let filter else { return spawn(path, UnsafeRawBufferPointer(start: nil, count: 0)) }
            return filter.bytes.withUnsafeBytes { spawn(path, $0) }
        }
        let pid: Int
        switch program.launch {
        case .fork: pid = spawn(nil)
        case .execute(let path): pid = path.string.withCString { spawn($0) }
        }
        return Int32(try required("fork of a victim", pid))
    }

    private static func listener(of program: VictimProgram, _ orders: OrderChannel) throws -> Int32? {
        let first = try orders.descriptorOrAnswer("the seccomp listener")
        guard let descriptor = first.descriptor else {
            throw CannotRun(program.cannotStart(Errno(rawValue: CInt(-first.answer.value))))
        }
        return descriptor
    }

    private static func greeting(
        of program: VictimProgram, _ orders: OrderChannel
    ) throws -> (greeting: Greeting, thread: Int32) {
        let answer = try orders.answer("\(orders.name) to say what it is")
        guard answer.value == 0 else {
            throw CannotRun(program.cannotStart(Errno(rawValue: CInt(-answer.value))))
        }
        let values = withUnsafeBytes(of: answer.values) { Array($0.bindMemory(to: UInt64.self)) }
        let greeting = Greeting(
            library: withUnsafeBytes(of: answer.text) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            },
            pointerBits: Int(values[Int(CRV_POINTER_BITS.rawValue)]),
            lockBytes: Int(values[Int(CRV_LOCK_BYTES.rawValue)]),
            unlockAddress: values[Int(CRV_UNLOCK_ADDRESS.rawValue)])
        return (greeting, Int32(values[Int(CRV_TID.rawValue)]))
    }

    func startHelper() throws {
        try orders.order(CRV_START_HELPER, returning: 0, "the start of a second thread")
        try helper.send(CRV_HELLO, program.hello)
        helperThread = try Self.greeting(of: program, helper).thread
    }

    /// Reads memory of the process.
    func read(_ address: UInt64, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = crf_read_memory(pid, UInt(address), &bytes, count)
        guard read == count else {
            throw CheckError.broken(
                "\(name): 0x\(String(address, radix: 16)) cannot be read: \(resultName(read))")
        }
        return bytes
    }

    func load32(_ address: UInt64) throws -> UInt32 {
        try read(address, count: 4).withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    }

    /// A pointer of the process, of whatever width it has.
    func loadPointer(_ address: UInt64) throws -> UInt64 {
        guard greeting.pointerBits == 64 else { return UInt64(try load32(address)) }
        return try read(address, count: 8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }

    /// Waits until the process has changed its state: the wait status of waitpid(2).
    ///
    /// waitpid(2) knows no limit, hence the looking again and again: at once while a step is likely to end
    /// within microseconds, at intervals afterwards.
    func waitForChange(
        _ what: @autoclosure () -> String, within limit: Duration = Deadline.standard
    ) throws -> Int32 {
        let deadline = Deadline(after: limit)
        var status: Int32 = 0
        var looks = 0
        while true {
            let pid = try required("waitpid of \(name)", crw_wait(pid, &status))
            if pid != 0 { break }
            looks += 1
            if looks < 2_000 {
                sched_yield()
            } else if deadline.hasPassed {
                throw CheckError.timedOut(what())
            } else {
                usleep(100)
            }
        }
        if !crw_is_stopped(status) { isReaped = true }
        return status
    }

    /// Waits until every thread is gone, robust lists and all; stops on the way there do not count.
    func waitForEnd(_ what: @autoclosure () -> String) throws -> Int32 {
        while true {
            let status = try waitForChange(what())
            if isReaped { return status }
        }
    }

    deinit {
        if let listener { close(listener) }
        guard !isReaped else { return }
        // Errors are ignored: the one to report is the one that made the caller give up.
        try? handle.send(SIGKILL)
        _ = try? waitForEnd("the end of \(name)")
    }
}
