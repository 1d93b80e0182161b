// SPDX-License-Identifier: MIT

import RobustFutex
import TestProcesses

// The steps that end processes, by exec(2) too.
extension WorldRun {
    /// A task that is a process of its own leaves the memory; a thread takes its process along, which is then killed: what it
    /// executes does nothing.
    func execute(_ task: Int) throws {
        let process = owner(of: task)
        // Halted, it gives no memory to a task that is a process of its own.
        guard processes[process].halt == nil else { return }
        let peer = processes[process].peer
        // They end with the thread that made them.
        if model.tasks[task].process >= 0 { try endWhatWasMade(by: process) }
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
        model.execute(task, processID: processes[process].isInNamespace ? 1 : UInt32(peer.pid))
        processes[process].hasExecuted = true
        // Before anything else can have done it; calls beside it may still have something to do.
        if calling.isEmpty { try verify() }
        try kill(process)
    }

    func kill(_ process: Int) throws {
        guard processes[process].isAlive else { return }
        try processes[process].peer.killAndWait()
        processes[process].isAlive = false
        processes[process].halt = nil
        model.kill(process: process)
        try endWhatWasMade(by: process)
    }

    /// Those that share the process's memory and are processes of their own; nobody could tell them to end later.
    func endProcesses(inMemoryOf process: Int) throws {
        for task in tasks.indices
        where model.tasks[task].space == processes[process].space && model.tasks[task].process < 0
            && model.tasks[task].isAlive
        {
            try tasks[task].end()
            model.exit(task)
        }
    }

    /// By its first thread, with which it ends.
    func endWhatWasMade(by process: Int) throws {
        try endProcesses(inMemoryOf: process)
        try killChildren(of: process)
    }

    func killChildren(of process: Int) throws {
        for child in processes.indices where processes[child].parent == process { try kill(child) }
    }
}
