// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex
import TestProcesses

// Each step, carried out in the processes and in the model.
extension WorldRun {
    /// Beyond the heap, which begins up to 1 GiB behind a static program and has the stack guard (arch_randomize_brk()), and
    /// beyond what MAP_32BIT gives. Heads of 32 bits have addresses from there.
    private static let lowBase: UInt = 0x6000_0000
    private static let highBase: UInt = 0x1000_0000_0000

    func carryOut(_ step: Step) throws {
        switch step {
        case .process:
            guard processes.count < Extent.processes else { return }
            // At the same address in some, at another in others.
            let base =
                processes.count % 3 == 1
                ? Self.lowBase : Self.highBase + UInt(processes.count % 3) << 32
            try add(Peer(), base: base)
        case .processInNamespace:
            guard processes.count < Extent.processes, means.hasNamespaces else { return }
            let parent = try Peer()
            helpers.append(parent)
            try parent.need("unshare", crf_nr_unshare, crf_new_pid_namespace)
            try add(parent.fork(), base: processes.count % 2 == 0 ? Self.lowBase : Self.highBase)
            processes[processes.count - 1].isInNamespace = true
        case .fork(let number):
            guard processes.count < Extent.processes,
                let parent = process(number, where: { $0.halt == nil && !$0.isInNamespace })
            else { return }
            let space = model.copy(model.spaces[processes[parent].space])
            try add(
                processes[parent].peer.fork(), base: processes[parent].base,
                program: processes[parent].program, space, parent: parent)
            inheritHeads(from: parent)
        case .map(let number, let page, let pages, let backing):
            guard let process = process(number) else { return }
            try map(in: process, page, min(pages, Extent.arenaPages - page), backing)
        case .mapScattered(let number, let page, let file, let filePages):
            guard let process = process(number) else { return }
            for (page, filePage) in zip(page..<Extent.arenaPages, filePages) {
                try map(in: process, page, 1, .sharedFile(file: file, page: filePage, writable: true))
            }
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
        case .move(let number, let page, let pages, let target):
            guard let process = process(number) else { return }
            for (from, to) in zip(page..<page + pages, target...) { try move(from, to, in: process) }
        case .hugeMapping(let number, let access):
            guard files.count > Extent.hugeFile, let process = process(number) else { return }
            try mapHuge(in: process, access)
        case .pageOut(let number):
            guard let process = process(number) else { return }
            try pageOut(process)
        case .task(let number, let sharesMemoryOnly):
            guard let process = process(number) else { return }
            try start(
                sharesMemoryOnly && !processes[process].isInNamespace ? .vmProcess : .thread, in: process)
        case .vforkTask(let number):
            guard let process = process(number, where: { $0.halt == nil && !$0.isInNamespace }) else {
                return
            }
            try start(.vforkChild, in: process)
        case .pend(let number, let operation):
            guard let task = task(number) else { return }
            var operation = operation
            var futexOffset = operation?.futexOffset ?? PeerTask.defaultFutexOffset
            if model.tasks[task].isPlaced, let held = model.tasks[task].held {
                // A head has one offset, for its list and for what is pending.
                guard (operation?.offset ?? 0) % 4 == 0 else { return }
                futexOffset = held.futexOffset
                operation?.futexOffset = futexOffset
            }
            let raw = operation.map { rawValue($0, of: task) } ?? 0
            if model.tasks[task].isPlaced {
                try heads.set(raw, futexOffset: futexOffset, task, of: base(of: task))
            } else {
                try tasks[task].setPending(rawValue: raw, futexOffset: futexOffset)
                ownHeads[task].futex_offset = futexOffset
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
                model.tasks[task].isPlaced = false
                model.tasks[task].isRegistered = true
            } else {
                try registerPlacedHead(of: task)
            }
        case .hold(let number, let offset):
            guard let task = task(number) else { return }
            try hold(offset, task)
        case .dropHead(let number):
            guard let task = task(number) else { return }
            try tasks[task].dropHead()
            model.tasks[task].isRegistered = false
        case .bury(let operation):
            for task in tasks.indices where !model.tasks[task].isAlive { try bury(task, operation) }
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
        case .calls(let calls): try make(calls, besideEndOf: nil)
        case .callsBesideKill(let calls, let number):
            guard let process = process(number, where: { _ in true }) else { return }
            try make(calls, besideEndOf: .process(process))
        case .callsBeside(let calls, let beside): try make(calls, beside: beside)
        case .exit(let number):
            guard let task = task(number) else { return }
            try tasks[task].exit()
            model.exit(task)
        case .exec(let number):
            guard let task = task(number) else { return }
            try execute(task)
        case .exitLeader(let number):
            guard let process = process(number, where: \.hasRunningLeader) else { return }
            try endWhatWasMade(by: process)
            // Another thread takes over.
            forgetInheritedHeads(process)
            try processes[process].peer.exitLeader()
            processes[process].hasLeader = false
        case .halt(let number, let how):
            // A leader that has exited never counts as stopped.
            guard how == .stopped || means.hasControlGroups,
                let process = process(number, where: \.hasRunningLeader)
            else { return }
            processes[process].halt = try ProcessHalt(processes[process].peer, how)
            for task in tasks.indices where model.tasks[task].waitsOn != nil && isHalted(task) {
                mayHaveMissedWake.insert(task)
            }
        case .resume(let number):
            guard let process = process(number, where: { $0.halt != nil }) else { return }
            try processes[process].halt?.end()
            processes[process].halt = nil
            try waitForWaits(in: process)
        case .kill(let number):
            guard let process = process(number, where: { _ in true }) else { return }
            try kill(process)
        }
    }

    /// One that shares nothing yet.
    func add(_ peer: Peer, base: UInt) throws {
        try heads.map(.writable, in: peer, at: base)
        try add(peer, base: base, program: peer.send(program), ModelWorld.Space())
    }

    func add(
        _ peer: Peer, base: UInt, program: UInt, _ space: ModelWorld.Space, parent: Int? = nil
    ) throws {
        processes.append(
            Process(
                peer: peer, memory: try ProcessMemory(of: peer.pid), space: model.spaces.count, base: base,
                program: program, parent: parent))
        model.spaces.append(space)
    }

    func start(_ kind: PeerTask.Kind, in process: Int) throws {
        guard tasks.count < Extent.tasks else { return }
        forgetInheritedHeads(process)
        let task = try processes[process].peer.startTask(kind)
        tasks.append(task)
        ownHeads.append(.init(next: task.headAddress, futex_offset: 0, list_op_pending: 0))
        model.tasks.append(
            .init(
                tid: UInt32(task.ownID), space: processes[process].space,
                process: kind == .thread ? process : -1))
    }

    func registerPlacedHead(of task: Int) throws {
        try heads.register(tasks[task], task, of: base(of: task))
        (model.tasks[task].placed, model.tasks[task].held) = (nil, nil)
        (model.tasks[task].isPlaced, model.tasks[task].isRegistered) = (true, true)
    }

    func hold(_ offset: Int?, _ task: Int) throws {
        let process = owner(of: task)
        guard offset.map({ $0 % 4 == 0 }) != false else { return }
        if !model.tasks[task].isPlaced || !model.tasks[task].isRegistered {
            try registerPlacedHead(of: task)
        }
        let futexOffset = try heads.hold(
            offset.map { address($0, in: process) }, task, of: base(of: task))
        model.tasks[task].placed = nil
        model.tasks[task].held = offset.map { ($0, futexOffset) }
        guard let offset, processes[process].halt == nil, isWritable(offset, in: process) else { return }
        let word = model.tasks[task].tid
        try processes[process].peer.store(FutexWord(rawValue: word), at: address(offset, in: process))
        set(offset, in: process, to: word)
    }

    /// The memory of the heads of a task that has gone, in the file, has got another use, which looks like the old one.
    func bury(_ task: Int, _ operation: Step.Operation) throws {
        let (raw, base) = (rawValue(operation, of: task), base(of: task))
        _ = try heads.hold(nil, task, of: base)
        try heads.set(raw, futexOffset: operation.futexOffset, task, of: base)
        model.tasks[task].placed = operation
        guard base <= UInt(UInt32.max) else { return }
        try heads.setCompat(
            UInt32(truncatingIfNeeded: raw), futexOffset: operation.futexOffset, task, of: base)
        model.tasks[task].compat = operation
    }

    func rawValue(_ operation: Step.Operation, of task: Int) -> UInt {
        PendingOperation(
            futexWord: address(operation.offset, in: owner(of: task)), futexOffset: operation.futexOffset,
            isPI: operation.isPI
        ).rawValue
    }

    func value(of word: Step.Word) -> UInt32 {
        switch word {
        case .value(let value): return value
        case .owned(let number, let hasWaiters):
            guard !tasks.isEmpty else { return 0 }
            return model.tasks[number % tasks.count].tid | (hasWaiters ? 0x8000_0000 : 0)
        }
    }

    func set(_ offset: Int, in process: Int, to value: UInt32) {
        model.setWord(at: offset, in: processes[process].space, to: value)
    }

    /// The task by which the memory of a process is accessed from outside: a leader that has exited has none.
    func accessor(of process: Int) -> Int32? {
        if processes[process].hasLeader { return processes[process].peer.pid }
        return tasks.indices.first { model.tasks[$0].isAlive && model.tasks[$0].process == process }.map {
            tasks[$0].tid
        }
    }

    func base(of task: Int) -> UInt { processes[owner(of: task)].base }

    func wait(_ task: Int, at offset: Int) throws {
        let process = owner(of: task)
        let space = processes[process].space
        guard isWritable(offset, in: process), let key = model.waitKey(at: offset, in: space),
            let word = model.word(at: offset, in: space)
        else { return }
        try tasks[task].beginWait(at: address(offset, in: process))
        model.setWord(at: offset, in: space, to: word | 0x8000_0000)
        model.tasks[task].waitsOn = key
    }

    /// Tasks of a process that has been resumed can be woken again once they are back in their waits.
    private func waitForWaits(in process: Int) throws {
        // A call at this moment may come before.
        guard calling.isEmpty else { return }
        for task in mayHaveMissedWake where model.tasks[task].process == process {
            try Deadline.poll(for: "task \(tasks[task].tid) to wait again") {
                tasks[task].isIdle || tasks[task].waitsAgain
            }
            mayHaveMissedWake.remove(task)
        }
    }
}
