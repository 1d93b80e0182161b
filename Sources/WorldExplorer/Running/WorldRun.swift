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
    var model = ModelWorld()
    var files: [StoredFile] = []
    var processes: [Process] = []
    var tasks: [PeerTask] = []
    /// The contents that the tasks' own heads have, for as long as the tasks live.
    var ownHeads: [crf_robust_list_head] = []
    /// Tasks whose own heads are among the remains, or gone with their processes.
    var buried: Set<Int> = []
    let means: WorldMeans
    private let stores: Stores
    let heads: HeadFile
    let program: MemoryFile
    /// Processes that are in no world, on which others depend.
    var helpers: [Peer] = []
    /// Tasks that wait and were halted meanwhile: they may have missed that they were to be woken.
    var mayHaveMissedWake: Set<Int> = []
    /// Tasks that are in a call beside which something else happens.
    var calling: Set<Int> = []
    /// Of the step that is being carried out.
    var number = 0

    struct Process {
        var peer: Peer
        var memory: ProcessMemory
        var space: Int
        /// The address of its arena: where no kernel puts anything by itself.
        var base: UInt
        /// The program that its tasks execute, as its descriptor.
        var program: UInt
        /// The process that forked it, with which it ends; nil for one that was started by itself.
        var parent: Int?
        var isAlive = true
        var isInNamespace = false
        var hasLeader = true
        /// Its arena is gone.
        var hasExecuted = false
        var halt: ProcessHalt?
        /// Heads in its memory that are nobody's.
        var remains: [HeadRemains] = []

        var hasRunningLeader: Bool { halt == nil && hasLeader }
    }

    init(_ means: WorldMeans, _ stores: Stores) throws {
        self.means = means
        self.stores = stores
        heads = try HeadFile(means.opensMappings ? stores.heads ?? .memfd : .memfd)
        program = try Program.native.file()
    }

    /// - Throws: ``Disagreement`` or ``BrokenWorld``.
    static func run(_ program: WorldProgram, with means: WorldMeans) throws {
        let run = try WorldRun(means, program.stores ?? .usual)
        defer { run.close() }
        do {
            try run.carryOut(program)
        } catch let error as Disagreement {
            throw error
        } catch {
            throw BrokenWorld(step: run.number, reason: error)
        }
    }

    func carryOut(_ program: WorldProgram) throws {
        files = try (0..<Extent.files).map { try StoredFile(stores.files[$0 % stores.files.count], means) }
        if let huge = means.available(stores.huge) { files.append(try StoredFile(huge)) }
        for (number, file) in files.enumerated() {
            let words = Canaries.words(file.window.count / 4, number)
            try file.fill(words)
            model.files[number].replaceSubrange(
                file.window.lowerBound / 4..<file.window.upperBound / 4, with: words)
        }
        for (number, step) in program.steps.enumerated() {
            self.number = number
            try noticeWokenTasks()
            try carryOut(step)
            // To look at a page would bring it back.
            if case .pageOut = step { continue }
            try verify()
        }
        number = program.steps.count
        for process in processes.indices { try kill(process) }
        try verify()
        for (number, file) in files.enumerated() where try file.isChangedOutsideWindow() {
            throw disagree("file \(number) has been written to where nobody has words")
        }
    }

    func close() {
        for process in processes { try? process.peer.close() }
        for helper in helpers { try? helper.close() }
    }

    func disagree(_ what: String) -> Disagreement { Disagreement(step: number, description: what) }

    // MARK: Choosing

    /// The process that a number chooses among those that can be told something.
    func process(_ number: Int) -> Int? { process(number) { $0.halt == nil } }

    /// The process that a number chooses among those that are alive and as asked for.
    func process(_ number: Int, where isAsAskedFor: (Process) -> Bool) -> Int? {
        let those = processes.indices.filter { processes[$0].isAlive && isAsAskedFor(processes[$0]) }
        return those.isEmpty ? nil : those[number % those.count]
    }

    /// The task that a number chooses among those that can be told something.
    func task(_ number: Int, notEndingWith victim: Victim? = nil) -> Int? {
        let ready = tasks.indices.filter {
            model.tasks[$0].isAlive && model.tasks[$0].waitsOn == nil && !isHalted($0)
                && !calling.contains($0)
                && (victim == nil || !ends($0, with: victim!))
        }
        return ready.isEmpty ? nil : ready[number % ready.count]
    }

    /// The process that a task ends with, be it one of its own: its address space is that one's.
    func owner(of task: Int) -> Int { processes.firstIndex { $0.space == model.tasks[task].space }! }

    /// One that is a process of its own runs on while that one is halted.
    func isHalted(_ task: Int) -> Bool {
        let process = model.tasks[task].process
        return process >= 0 && processes[process].halt != nil
    }

    func ends(_ task: Int, with victim: Victim) -> Bool {
        switch victim {
        case .process(let process): ends(owner(of: task), with: process)
        case .task(let other): task == other
        }
    }

    func ends(_ process: Int, with other: Int) -> Bool {
        process == other || processes[process].parent.map { ends($0, with: other) } == true
    }

    func address(_ offset: Int, in process: Int) -> UInt {
        processes[process].base &+ UInt(bitPattern: offset)
    }

    func isWritable(_ offset: Int, in process: Int) -> Bool {
        offset % 4 == 0 && model.spaces[processes[process].space].mapping(at: offset)?.isWritable == true
    }
}
