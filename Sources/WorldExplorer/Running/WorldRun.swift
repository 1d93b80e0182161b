// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// The kernel did something that the model does not allow.
public struct Disagreement: Error, Equatable, CustomStringConvertible {
    /// Of the step, from 0.
    public var step: Int
    public var description: String
}

/// The world broke or took too long: nothing is known of the kernel.
struct BrokenWorld: Error, CustomStringConvertible {
    /// Of the step, from 0.
    var step: Int
    var reason: any Error

    var description: String { "step \(step): \(reason)" }
}

/// Carries a program out in real processes, and holds them against the model after every step.
///
/// One at a time in a process, from one thread.
final class WorldRun {
    private var model = ModelWorld()
    private var files: [StoredFile] = []
    private var processes: [Process] = []
    private var tasks: [PeerTask] = []
    private let heads: HeadFile
    private let program: MemoryFile
    /// Of the step that is being carried out.
    private var number = 0

    /// A file with its descriptor for reading only.
    private final class StoredFile {
        let file: MemoryFile
        let readOnly: MemoryFile

        init(_ number: Int) throws {
            let length = Extent.filePages * Extent.pageBytes
            // One in a file system, whose pages are written back; the others in memory.
            if number == Extent.files - 1 {
                let path = temporaryDirectory.appending("world-\(getpid())-\(UInt32.random(in: 0 ... .max))")
                file = try MemoryFile(creating: path, length: length)
                unlink(path.string)
            } else {
                file = try MemoryFile(name: "world", length: length)
            }
            readOnly = try MemoryFile(readOnly: file)
        }
    }

    private struct Process {
        var peer: Peer
        var space: Int
        /// The address of its arena: where no kernel puts anything by itself.
        var base: UInt
        /// The program that its tasks execute, as its descriptor.
        var program: UInt
        /// The process that forked it, with which it ends; nil for one that was started by itself.
        var parent: Int?
        var isAlive = true
    }

    private init() throws {
        heads = try HeadFile()
        program = try Program.native.file()
    }

    /// - Throws: ``Disagreement`` or ``BrokenWorld``.
    static func run(_ program: WorldProgram) throws {
        let run = try WorldRun()
        defer { run.close() }
        do {
            try run.carryOut(program)
        } catch let error as Disagreement {
            throw error
        } catch {
            throw BrokenWorld(step: run.number, reason: error)
        }
    }

    private func carryOut(_ program: WorldProgram) throws {
        files = try (0..<Extent.files).map(StoredFile.init)
        for (number, step) in program.steps.enumerated() {
            self.number = number
            try noticeWokenTasks()
            try carryOut(step)
            try verify()
        }
        number = program.steps.count
        for process in processes.indices { try kill(process) }
        try verify()
    }

    private func close() {
        for process in processes { try? process.peer.close() }
    }

    private func disagree(_ what: String) -> Disagreement { Disagreement(step: number, description: what) }

    // MARK: Choosing

    /// The process that a number chooses among those that are alive.
    private func process(_ number: Int) -> Int? {
        let alive = processes.indices.filter { processes[$0].isAlive }
        return alive.isEmpty ? nil : alive[number % alive.count]
    }

    /// The task that a number chooses among those that can be told something.
    private func task(_ number: Int, notIn process: Int? = nil) -> Int? {
        let ready = tasks.indices.filter {
            model.tasks[$0].isAlive && model.tasks[$0].waitsAt == nil
                && (process == nil || !ends(owner(of: $0), with: process!))
        }
        return ready.isEmpty ? nil : ready[number % ready.count]
    }

    /// The process that a task ends with, be it one of its own: its address space is that one's.
    private func owner(of task: Int) -> Int { processes.firstIndex { $0.space == model.tasks[task].space }! }

    private func ends(_ process: Int, with other: Int) -> Bool {
        process == other || processes[process].parent.map { ends($0, with: other) } == true
    }

    private func address(_ offset: Int, in process: Int) -> UInt {
        UInt(bitPattern: Int(bitPattern: processes[process].base) + offset)
    }

    private func isWritable(_ offset: Int, in process: Int) -> Bool {
        offset % 4 == 0 && model.spaces[processes[process].space].mapping(at: offset)?.isWritable == true
    }

    // MARK: Steps

    private func carryOut(_ step: Step) throws {
        switch step {
        case .process:
            guard processes.count < Extent.processes else { return }
            // At the same address in some, at another in others.
            let base: UInt =
                processes.count % 3 == 2 ? 0x4000_0000 : 0x1000_0000_0000 + UInt(processes.count % 3) << 32
            let peer = try Peer()
            try heads.map(.writable, in: peer, at: base)
            add(peer, base: base, program: try peer.send(program), ModelWorld.Space())
        case .fork(let number):
            guard processes.count < Extent.processes, let parent = process(number) else { return }
            let space = model.spaces[processes[parent].space]
            add(
                try processes[parent].peer.fork(), base: processes[parent].base,
                program: processes[parent].program, space, parent: parent)
        case .map(let number, let page, let pages, let backing):
            guard let process = process(number) else { return }
            try map(in: process, page, min(pages, Extent.arenaPages - page), backing)
        case .unmap(let number, let page, let pages):
            guard let process = process(number) else { return }
            let count = min(pages, Extent.arenaPages - page)
            try processes[process].peer.unmap(
                address(page * Extent.pageBytes, in: process), length: count * Extent.pageBytes)
            for page in page..<page + count { model.spaces[processes[process].space].pages[page] = nil }
        case .protect(let number, let page, let pages, let isWritable):
            guard let process = process(number) else { return }
            for page in page..<min(page + pages, Extent.arenaPages) {
                try protect(page, in: process, isWritable)
            }
        case .task(let number, let sharesMemoryOnly):
            guard let process = process(number), tasks.count < Extent.tasks else { return }
            let task = try processes[process].peer.startTask(sharesMemoryOnly ? .vmProcess : .thread)
            tasks.append(task)
            model.tasks.append(
                .init(
                    tid: UInt32(task.tid), space: processes[process].space,
                    process: sharesMemoryOnly ? -1 : process))
        case .pend(let number, let operation):
            guard let task = task(number) else { return }
            let raw = operation.map { rawValue($0, of: task) } ?? 0
            if model.tasks[task].isPlaced {
                try heads.set(raw, futexOffset: operation?.futexOffset ?? -32, task, of: base(of: task))
            } else {
                try tasks[task].setPending(rawValue: raw, futexOffset: operation?.futexOffset ?? -32)
            }
            model.tasks[task].operation = operation
        case .pendCompat(let number, let operation):
            guard HeadFile.hasCompat, let task = task(number), base(of: task) <= UInt(UInt32.max) else {
                return
            }
            try heads.registerCompat(tasks[task], task, of: base(of: task))
            let raw = operation.map { rawValue($0, of: task) } ?? 0
            try heads.setCompat(
                UInt32(truncatingIfNeeded: raw), futexOffset: operation?.futexOffset ?? -32, task,
                of: base(of: task))
            model.tasks[task].compat = operation
        case .moveHead(let number):
            guard let task = task(number) else { return }
            if model.tasks[task].isPlaced {
                try tasks[task].registerOwnHead()
            } else {
                try heads.register(tasks[task], task, of: base(of: task))
                model.tasks[task].placed = nil
            }
            model.tasks[task].isPlaced.toggle()
        case .headPage(let number, let state):
            guard let process = process(number) else { return }
            try heads.map(state, in: processes[process].peer, at: processes[process].base)
            model.spaces[processes[process].space].headPage = state
        case .store(let number, let offset, let word):
            guard let process = process(number), isWritable(offset, in: process) else { return }
            let value = value(of: word)
            try processes[process].peer.store(
                FutexWord(rawValue: value), at: address(offset, in: process))
            set(offset, in: process, to: value)
        case .wait(let number, let offset):
            guard let task = task(number) else { return }
            try wait(task, at: offset)
        case .calls(let calls): try make(calls, besideKillOf: nil)
        case .callsBesideKill(let calls, let number):
            guard let process = process(number) else { return }
            try make(calls, besideKillOf: process)
        case .exit(let number):
            guard let task = task(number) else { return }
            try tasks[task].exit()
            model.exit(task)
        case .exec(let number):
            guard let task = task(number) else { return }
            try execute(task)
        case .kill(let number):
            guard let process = process(number) else { return }
            try kill(process)
        }
    }

    private func add(
        _ peer: Peer, base: UInt, program: UInt, _ space: ModelWorld.Space, parent: Int? = nil
    ) {
        processes.append(
            Process(peer: peer, space: model.spaces.count, base: base, program: program, parent: parent))
        model.spaces.append(space)
    }

    private func map(in process: Int, _ first: Int, _ count: Int, _ backing: Step.Backing) throws {
        let peer = processes[process].peer
        for page in first..<first + count {
            let there = address(page * Extent.pageBytes, in: process)
            let filePage = { (start: Int) in (start + page - first) % Extent.filePages }
            let mapping: ModelWorld.Mapping
            switch backing {
            case .sharedFile(let file, let start, let writable):
                try peer.map(
                    files[file].file, at: there, offset: filePage(start) * Extent.pageBytes,
                    length: Extent.pageBytes, protection: writable ? [.read, .write] : [.read])
                mapping = .init(
                    memory: .file(file, page: filePage(start)), isWritable: writable, canBecomeWritable: true)
            case .readOnlyFile(let file, let start):
                try peer.map(
                    files[file].readOnly, at: there, offset: filePage(start) * Extent.pageBytes,
                    length: Extent.pageBytes, protection: [.read])
                mapping = .init(
                    memory: .file(file, page: filePage(start)), isWritable: false, canBecomeWritable: false)
            case .privateFile(let file, let start):
                try peer.mapPrivate(
                    files[file].file, at: there, offset: filePage(start) * Extent.pageBytes,
                    length: Extent.pageBytes)
                mapping = .init(memory: .own, isWritable: true, canBecomeWritable: true)
            case .anonymous:
                try peer.mapAnonymous(at: there, length: Extent.pageBytes)
                mapping = .init(memory: .own, isWritable: true, canBecomeWritable: true)
            }
            model.spaces[processes[process].space].pages[page] = mapping
        }
    }

    private func protect(_ page: Int, in process: Int, _ isWritable: Bool) throws {
        guard let mapping = model.spaces[processes[process].space].pages[page], mapping.canBecomeWritable
        else { return }
        try processes[process].peer.protect(
            address(page * Extent.pageBytes, in: process), length: Extent.pageBytes,
            isWritable ? [.read, .write] : [.read])
        model.spaces[processes[process].space].pages[page]?.isWritable = isWritable
    }

    private func rawValue(_ operation: Step.Operation, of task: Int) -> UInt {
        PendingOperation(
            futexWord: address(operation.offset, in: owner(of: task)), futexOffset: operation.futexOffset,
            isPI: operation.isPI
        ).rawValue
    }

    private func value(of word: Step.Word) -> UInt32 {
        switch word {
        case .value(let value): return value
        case .owned(let number, let hasWaiters):
            guard !tasks.isEmpty else { return 0 }
            return model.tasks[number % tasks.count].tid | (hasWaiters ? 0x8000_0000 : 0)
        }
    }

    private func set(_ offset: Int, in process: Int, to value: UInt32) {
        guard let (file, byte) = model.place(offset, in: processes[process].space) else { return }
        model.files[file][byte / 4] = value
    }

    private func base(of task: Int) -> UInt { processes[owner(of: task)].base }

    /// A task that is a process of its own leaves the memory; a thread takes its process along, which is then killed: what it
    /// executes does nothing.
    private func execute(_ task: Int) throws {
        let process = owner(of: task)
        let peer = processes[process].peer
        // They end with the thread that made them.
        if model.tasks[task].process >= 0 {
            try endProcesses(inMemoryOf: process)
            try killChildren(of: process)
        }
        let scratch = try peer.map(anonymous: .private, length: Extent.pageBytes)
        let command = ProcessState.command(of: peer.pid)
        try tasks[task].beginExecution(descriptor: processes[process].program, scratch: scratch)
        guard model.tasks[task].process >= 0 else {
            try Deadline.poll(for: "exec of task \(tasks[task].tid)") { try tasks[task].hasExecuted() }
            model.exit(task)
            return try tasks[task].end()
        }
        // A thread gets the id of its process on the way; the name is changed after the clean-up.
        try Deadline.poll(for: "exec in process \(peer.pid)") {
            ProcessState.command(of: peer.pid) != command
        }
        model.execute(task, processID: UInt32(peer.pid))
        // Before anything else can have done it.
        try verify()
        try kill(process)
    }

    private func wait(_ task: Int, at offset: Int) throws {
        let process = owner(of: task)
        guard isWritable(offset, in: process),
            let (file, byte) = model.place(offset, in: processes[process].space)
        else { return }
        try tasks[task].beginWait(at: address(offset, in: process))
        model.files[file][byte / 4] |= 0x8000_0000
        model.tasks[task].waitsAt = offset
    }

    private func kill(_ process: Int) throws {
        guard processes[process].isAlive else { return }
        try processes[process].peer.killAndWait()
        processes[process].isAlive = false
        model.kill(process: process)
        try endProcesses(inMemoryOf: process)
        try killChildren(of: process)
    }

    /// Those that share the process's memory and are processes of their own; nobody could tell them to end later.
    private func endProcesses(inMemoryOf process: Int) throws {
        for task in tasks.indices
        where model.tasks[task].space == processes[process].space && model.tasks[task].process < 0
            && model.tasks[task].isAlive
        {
            try tasks[task].end()
            model.exit(task)
        }
    }

    private func killChildren(of process: Int) throws {
        for child in processes.indices where processes[child].parent == process { try kill(child) }
    }

    // MARK: Calls

    private func make(_ calls: [Step.Call], besideKillOf victim: Int?) throws {
        var made: [(call: Step.Call, task: Int)] = []
        for call in calls {
            guard let task = task(call.task, notIn: victim), !made.contains(where: { $0.task == task })
            else { continue }
            let process = owner(of: task)
            var flags: CleanupFlags = call.isPrivate ? .privateOnly : []
            if call.unknownFlag { flags.insert(CleanupFlags(rawValue: 1 << 30)) }
            let start = call.wraps ? UInt.max - 8 : address(call.offset, in: process)
            tasks[task].beginCleanup(
                address: start, length: call.wraps ? max(call.length, 16) : call.length, flags: flags)
            made.append((call, task))
        }
        if let victim { try processes[victim].peer.kill() }
        var (surely, perhaps): (Set<ModelWorld.Head>, Set<ModelWorld.Head>) = ([], [])
        for (call, task) in made {
            let result = try tasks[task].endOfCall()
            var call = call
            if call.wraps { call.length = max(call.length, 16) }
            let errors = model.errors(of: call, by: task)
            try judge(result, errors, call)
            guard result == 0 else { continue }
            let (must, may) = model.designated(by: call, of: task)
            surely.formUnion(must)
            perhaps.formUnion(may)
        }
        if let victim { try settle(surely, perhaps, killed: victim) }
        try clear(surely, perhaps.subtracting(surely))
    }

    private func judge(_ result: Int, _ errors: Set<ModelWorld.CallError>, _ call: Step.Call) throws {
        let allowed = errors.map { error in
            switch error {
            case .invalid: -Int(EINVAL)
            case .hole: -Int(ENOMEM)
            case .access: -Int(EACCES)
            }
        }
        guard allowed.isEmpty ? result == 0 : allowed.contains(result) else {
            throw disagree(
                "\(call) returned \(resultName(result)), the model allows "
                    + (allowed.isEmpty ? "0" : allowed.map(resultName).joined(separator: " or ")))
        }
    }

    /// The memory belongs to the caller now: it puts something else there that the dying threads would take for their
    /// own, and none of them may touch it.
    private func settle(
        _ surely: Set<ModelWorld.Head>, _ perhaps: Set<ModelWorld.Head>, killed victim: Int
    ) throws {
        let dying = surely.union(perhaps).filter { ends(owner(of: $0.task), with: victim) }
        let operations = dying.map { ($0, model[$0]!) }
        for (head, operation) in operations where surely.contains(head) {
            model[head] = nil
            guard let (file, byte) = model.place(operation.offset, in: model.tasks[head.task].space) else {
                continue
            }
            try write(model.tasks[head.task].tid, to: file, at: byte)
        }
        try kill(victim)
        // A pointer in shared memory was cleared in time, or stays.
        for (head, operation) in operations {
            let hasGone = try isGone(head)
            model[head] = hasGone ? nil : operation
        }
    }

    private func write(_ value: UInt32, to file: Int, at byte: Int) throws {
        _ = try withUnsafeBytes(of: value) {
            try files[file].file.descriptor.writeAll(toAbsoluteOffset: Int64(byte), $0)
        }
        model.files[file][byte / 4] = value
    }

    /// Tells whether the pointer of the head is NULL. Of a dead task it is known where the file has it; else it is not there.
    private func isGone(_ head: ModelWorld.Head) throws -> Bool {
        let task = head.task
        if case .compat = head { return try heads.compatPending(task) == 0 }
        if model.tasks[task].isPlaced { return try heads.pending(task) == 0 }
        return try !model.tasks[task].isAlive || tasks[task].pendingRawValue() == 0
    }

    /// Holds what has become of the operations against what must and may have, and goes on from there.
    private func clear(_ surely: Set<ModelWorld.Head>, _ perhaps: Set<ModelWorld.Head>) throws {
        for head in surely.union(perhaps).sorted() where model.tasks[head.task].isAlive {
            guard let operation = model[head] else { continue }
            if try isGone(head) {
                model[head] = nil
                if surely.contains(head), !operation.isPI {
                    try expectWake(at: operation.offset, seenBy: head.task)
                }
            } else if surely.contains(head) {
                throw disagree("\(head) still has its operation on \(operation.offset)")
            }
        }
    }

    /// A waiter, if there is one, has been woken.
    private func expectWake(at offset: Int, seenBy task: Int) throws {
        guard let place = model.place(offset, in: model.tasks[task].space) else { return }
        let waiting = tasks.indices.filter { other in
            guard model.tasks[other].isAlive, let waits = model.tasks[other].waitsAt,
                let its = model.place(waits, in: model.tasks[other].space)
            else { return false }
            return its == place
        }
        guard !waiting.isEmpty else { return }
        do {
            try Deadline.poll(for: "a waiter to be woken", within: .seconds(4) * Deadline.slowness) {
                waiting.contains { tasks[$0].isIdle }
            }
        } catch CheckError.timedOut {
            throw disagree("nobody woke one of the tasks \(waiting), which wait on \(offset) of task \(task)")
        }
        try noticeWokenTasks()
    }

    /// Tasks can be told something again once their wait is over, for whatever reason.
    private func noticeWokenTasks() throws {
        for task in tasks.indices
        where model.tasks[task].isAlive && model.tasks[task].waitsAt != nil && tasks[task].isIdle {
            _ = try tasks[task].waitResult()
            model.tasks[task].waitsAt = nil
        }
    }

    // MARK: The whole world

    private func verify() throws {
        for task in tasks.indices where model.tasks[task].isAlive {
            let expected = model.tasks[task].own.map { rawValue($0, of: task) } ?? 0
            // Not registered, it is memory as any other.
            let found =
                model.tasks[task].isPlaced
                ? try tasks[task].ownPendingRawValue() : try tasks[task].pendingRawValue()
            guard found == expected else {
                throw disagree(
                    "list_op_pending of task \(task) is 0x\(String(found, radix: 16)), the model has 0x\(String(expected, radix: 16))"
                )
            }
        }
        // Those of tasks that have gone, too: what they leave in shared memory belongs to somebody else.
        for task in tasks.indices {
            let placed = model.tasks[task].placed.map { rawValue($0, of: task) } ?? 0
            let compat = model.tasks[task].compat.map { rawValue($0, of: task) } ?? 0
            heads.expect(placed, compat: UInt32(truncatingIfNeeded: compat), task)
        }
        if let difference = try heads.difference() { throw disagree(difference) }
        for (number, stored) in files.enumerated() {
            let found = try contents(of: stored)
            guard found != model.files[number] else { continue }
            let word = zip(found, model.files[number]).enumerated().first { $0.element.0 != $0.element.1 }!
            throw disagree(
                "word \(word.offset) of file \(number) is 0x\(String(word.element.0, radix: 16)), the model has 0x\(String(word.element.1, radix: 16))"
            )
        }
    }

    private func contents(of stored: StoredFile) throws -> [UInt32] {
        let count = Extent.filePages * Extent.pageBytes / 4
        let file = stored.file.descriptor
        return try [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
            let read = try file.read(
                fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
            initialized = read / 4
        }
    }
}
