// SPDX-License-Identifier: MIT

/// SplitMix64: small, and the same on every machine (G. Steele, D. Lea, C. Flood, OOPSLA 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// Makes programs out of seeds: the same program of the same seed.
public struct ProgramGenerator {
    /// A seed makes the same program for as long as its generation is there.
    public enum Generation: Int, Sendable {
        case first = 1
        /// With heads in shared memory, heads of 32 bits, and exec.
        case second
        /// With PID namespaces, huge pages, mremap, pages that leave, halted processes, and leaders that exit.
        case third
        /// With steps beside calls, children of vfork, tasks without a head, buried heads, and operations that wrap or are
        /// garbage.
        case fourth
        /// With files that are opened again, pages of a file in any order, processes that share a part of a file, and more
        /// of what takes several steps to be noticed: waiters, heads of 32 bits, calls for several mappings.
        case fifth
        /// With files of all kinds of memory, and held locks.
        case sixth
        /// With heads in System V memory, words in several small pages of the huge one, and steps in a row that only together
        /// show something.
        case seventh
        /// With memory of anonymous inodes, and exec beside calls.
        case eighth

        public static let latest = Generation.eighth

        func has(_ other: Generation) -> Bool { rawValue >= other.rawValue }
    }

    var random: SeededGenerator
    private let generation: Generation
    private let seed: UInt64
    /// Words that programs come back to, so that operations and calls meet.
    private var favourites: [Int]

    public init(seed: UInt64, generation: Generation = .latest) {
        self.seed = seed
        self.generation = generation
        random = SeededGenerator(seed: seed)
        favourites = []
        let words = Extent.arenaPages * Extent.pageBytes / 4
        favourites = (0..<4).map { _ in 4 * Int.random(in: 0..<words, using: &random) }
    }

    public mutating func program() -> WorldProgram {
        // Something to begin with: two processes that share a file, and a task each.
        var steps: [Step] = [
            .process, .process,
            .map(process: 0, page: 0, pages: Extent.filePages, .sharedFile(file: 0, page: 0, writable: true)),
            .map(
                process: 1, page: pick(0, 0, 2), pages: Extent.filePages,
                .sharedFile(file: 0, page: 0, writable: true)),
            .task(process: 0, sharesMemoryOnly: false), .task(process: 1, sharesMemoryOnly: false),
        ]
        if generation.has(.third), chance(8) { steps[0] = .processInNamespace }
        // Of what the one has in any order the other has a part, where operations come about.
        if generation.has(.fifth), chance(3) {
            steps[2] = .mapScattered(process: 0, page: 0, file: 0, filePages: filePages())
            let page = number(Extent.filePages)
            steps[3] = .map(
                process: 1, page: favourites[0] / Extent.pageBytes, pages: 1,
                chance(2)
                    ? .reopenedFile(file: 0, page: page) : .sharedFile(file: 0, page: page, writable: true))
            if chance(2) {
                steps.append(.pend(task: 1, .init(offset: favourites[0], futexOffset: -32, isPI: false)))
            }
        }
        for _ in 0..<Int.random(in: 6...40, using: &random) {
            if generation.has(.seventh), chance(8) { steps += scene() } else { steps.append(step()) }
        }
        return WorldProgram(seed: seed, stores: generation.has(.sixth) ? stores() : nil, steps: steps)
    }

    private mutating func stores() -> Stores {
        let all = Stores.Small.allCases.filter { generation.has(.eighth) || $0 != .bpfArray }
        return Stores(
            files: (0..<Extent.files).map { _ in all[number(all.count)] },
            huge: chance(3) ? .transparent : .hugetlb,
            heads: generation.has(.seventh) ? (chance(3) ? .segment : .memfd) : nil)
    }

    private mutating func pick<Value>(_ values: Value...) -> Value { values.randomElement(using: &random)! }
    mutating func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
    private mutating func chance(_ one: Int) -> Bool { number(one) == 0 }

    /// Any step, as a program that is varied can have it.
    mutating func step() -> Step {
        if generation.has(.fifth), chance(8) { return compoundStep() }
        if generation.has(.fourth), chance(5) { return latestStep() }
        if generation.has(.third), chance(6) { return lateStep() }
        let (process, task) = (number(Extent.processes), number(Extent.tasks))
        let page = number(Extent.arenaPages)
        let pages = 1 + number(3)
        let hasHeads = generation != .first
        switch number(100) {
        case 0..<3: return .process
        case 3..<7: return .fork(process: process)
        case 7..<17: return .map(process: process, page: page, pages: pages, backing())
        case 17..<21: return .unmap(process: process, page: page, pages: pages)
        case 21..<24: return .protect(process: process, page: page, pages: pages, writable: chance(2))
        case 24..<34: return .task(process: process, sharesMemoryOnly: chance(4))
        case 50..<53 where hasHeads: return .pendCompat(task: task, chance(8) ? nil : compatOperation())
        case 53..<55 where hasHeads: return .moveHead(task: task)
        case 55 where hasHeads: return .headPage(process: process, Step.Access.allCases[number(3)])
        case 34..<56: return .pend(task: task, chance(8) ? nil : operation())
        case 56..<64: return .store(process: process, offset: word(), value())
        case 64..<68: return .wait(task: task, offset: word())
        case 68..<88: return .calls((0..<pick(1, 1, 1, 2)).map { _ in call() })
        case 88..<91: return .callsBesideKill([call()], process: process)
        case 95 where hasHeads: return .exec(task: task)
        case 91..<96: return .exit(task: task)
        default: return .kill(process: process)
        }
    }

    /// Steps that come one after the other too rarely by themselves: an operation, something that makes it hard to reach, and a
    /// call for it.
    private mutating func scene() -> [Step] {
        let (process, task) = (number(Extent.processes), number(Extent.tasks))
        let scene = number(4)
        let offset = scene == 1 ? hugeWord() : favourites.randomElement(using: &random)!
        let pend = Step.pend(task: task, .init(offset: offset, futexOffset: -32, isPI: chance(4)))
        var call = Step.Call(
            task: number(Extent.tasks), offset: offset, length: 4, isPrivate: chance(3), unknownFlag: false,
            wraps: false)
        if chance(3) { (call.offset, call.length) = (0, Extent.filePages * Extent.pageBytes) }
        switch scene {
        // The page of the head is shared with a child.
        case 0: return [pend, .fork(process: process), .calls([call])]
        case 1:
            let another = (process + 1 + number(Extent.processes - 1)) % Extent.processes
            if chance(3) { (call.offset, call.length) = (Extent.huge.lowerBound, Extent.huge.count) }
            return [
                .hugeMapping(process: process, .writable), .hugeMapping(process: another, .writable), pend,
                .calls([call]),
            ]
        // Mappings do not count with FUTEX2_PRIVATE.
        case 2:
            call.isPrivate = true
            return [
                .map(
                    process: process, page: offset / Extent.pageBytes, pages: 1,
                    .readOnlyFile(file: number(Extent.files), page: number(Extent.filePages))), pend,
                .calls([call]),
            ]
        default: return [pend, .pageOut(process: process), .calls([call])]
        }
    }

    /// One that earlier generations do not have.
    private mutating func lateStep() -> Step {
        let process = number(Extent.processes)
        switch number(20) {
        case 0..<2: return .processInNamespace
        case 2..<7:
            return .hugeMapping(process: process, chance(4) ? Step.Access.allCases[number(3)] : .writable)
        case 7..<10:
            return .move(
                process: process, page: number(Extent.arenaPages), pages: 1 + number(3),
                to: number(Extent.arenaPages))
        case 10..<13: return .pageOut(process: process)
        case 13..<16: return .halt(process: process, chance(2) ? .stopped : .frozen)
        case 16..<19: return .resume(process: process)
        default: return .exitLeader(process: process)
        }
    }

    /// One that earlier generations do not have.
    private mutating func latestStep() -> Step {
        switch number(16) {
        case 0: return .vforkTask(process: number(Extent.processes))
        case 1: return .dropHead(task: number(Extent.tasks))
        case 2..<4: return .bury(operation())
        case 4..<7 where generation.has(.sixth):
            return .hold(task: number(Extent.tasks), offset: chance(6) ? nil : word())
        default: return .callsBeside((0..<pick(1, 1, 2)).map { _ in call() }, beside())
        }
    }

    /// One that earlier generations do not have, or have too rarely to meet another.
    private mutating func compoundStep() -> Step {
        let (process, page) = (number(Extent.processes), number(Extent.arenaPages))
        let (file, filePage) = (chance(2) ? 0 : number(Extent.files), number(Extent.filePages))
        switch number(12) {
        case 0..<2:
            let pages = Array(filePages().prefix(2 + number(Extent.filePages - 1)))
            return .mapScattered(process: process, page: page, file: file, filePages: pages)
        case 2..<4:
            return .map(
                process: process, page: page, pages: 1 + number(3), .reopenedFile(file: file, page: filePage))
        case 4..<6:
            return .map(
                process: process, page: page, pages: 1,
                .sharedFile(file: file, page: filePage, writable: true))
        case 6..<9:
            return .wait(task: number(Extent.tasks), offset: favourites.randomElement(using: &random)!)
        case 9..<10: return .pendCompat(task: number(Extent.tasks), compatOperation())
        default:
            return .calls([
                .init(
                    task: number(Extent.tasks), offset: chance(2) ? 0 : page * Extent.pageBytes,
                    length: (2 + number(3)) * Extent.pageBytes, isPrivate: false, unknownFlag: false,
                    wraps: false)
            ])
        }
    }

    /// The pages of a file in any order.
    private mutating func filePages() -> [Int] { (0..<Extent.filePages).shuffled(using: &random) }

    private mutating func beside() -> Step.Beside {
        let (process, page) = (number(Extent.processes), number(Extent.arenaPages))
        switch number(generation.has(.eighth) ? 22 : 20) {
        case 0..<6: return .exit(task: number(Extent.tasks))
        case 6..<9: return .kill(process: process)
        case 9: return .fork(process: process)
        case 10..<12: return .map(process: process, page: page, backing())
        case 12: return .unmap(process: process, page: page)
        case 13: return .protect(process: process, page: page, writable: chance(2))
        case 14: return .headPage(process: process, Step.Access.allCases[number(3)])
        case 15: return .hugeMapping(process: process, Step.Access.allCases[number(3)])
        case 16..<18: return .pageOut(process: process)
        case 18: return .halt(process: process, chance(2) ? .stopped : .frozen)
        case 19: return .resume(process: process)
        default: return .exec(task: number(Extent.tasks))
        }
    }

    private mutating func backing() -> Step.Backing {
        let (file, page) = (number(Extent.files), number(Extent.filePages))
        switch number(8) {
        case 0..<5: return .sharedFile(file: chance(2) ? 0 : file, page: page, writable: !chance(6))
        case 5: return .privateFile(file: file, page: page)
        case 6: return .anonymous
        default: return .readOnlyFile(file: file, page: page)
        }
    }

    /// An offset in the arena, mostly one that others use too.
    private mutating func word() -> Int {
        if generation.has(.third), chance(6) { return hugeWord() }
        let offset =
            chance(4)
            ? 4 * number(Extent.arenaPages * Extent.pageBytes / 4) : favourites.randomElement(using: &random)!
        return chance(8) ? offset + 4 * pick(-1, 1) : offset
    }

    /// The same in the huge page.
    private mutating func hugeWord() -> Int {
        let page =
            Extent.hugeWindow.lowerBound + (generation.has(.seventh) ? pick(1, 2) : 1)
        let start = Extent.huge.lowerBound + page * Extent.pageBytes
        let offset = start + favourites.randomElement(using: &random)! % Extent.pageBytes
        return chance(8) ? offset + 4 * pick(-1, 1) : offset
    }

    private mutating func operation() -> Step.Operation {
        // Addresses that no program has: not canonical, the kernel's, and at the top.
        if generation.has(.fourth), chance(16) {
            let garbage = pick(1 << 62, -(1 << 47), -(1 << 61), .min, .max - 7)
            return .init(offset: garbage, futexOffset: pick(-32, 0), isPI: chance(4))
        }
        return compatOperation()
    }

    /// One that a head of 32 bits can have as well.
    private mutating func compatOperation() -> Step.Operation {
        var offset = word()
        if chance(24) { offset = pick(-4096, Extent.arenaPages * Extent.pageBytes + 64) }
        // The lowest bits of a lock entry mean something else: a word that is not aligned comes from the distance.
        if chance(24) { return .init(offset: offset + 1, futexOffset: -31, isPI: false) }
        if generation.has(.fourth), chance(12) {
            // The sum of entry and offset goes beyond the end of the address space, of either width.
            return .init(
                offset: offset, futexOffset: pick(0x7fff_fff0, -0x7fff_fff0, 1 << 62, -(1 << 62)),
                isPI: chance(4))
        }
        return .init(
            offset: offset, futexOffset: pick(-32, -32, 0, -8, 4096, -4096), isPI: chance(4))
    }

    private mutating func value() -> Step.Word {
        chance(4)
            ? .value(pick(0, 0x4000_0000, 0xffff_ffff, 7))
            : .owned(task: number(Extent.tasks), hasWaiters: chance(3))
    }

    private mutating func call() -> Step.Call {
        let whole = Extent.arenaPages * Extent.pageBytes
        var offset = chance(6) ? 0 : word()
        var length = pick(4, 4, 40, 64, 4096, 8192, whole)
        if offset == 0, chance(2) { length = whole }
        if generation.has(.third), chance(12) {
            (offset, length) = (Extent.huge.lowerBound, Extent.huge.count)
        }
        // All that the first process had of the first file.
        if generation.has(.fifth), chance(5) {
            (offset, length) = (0, Extent.filePages * Extent.pageBytes)
        }
        if chance(16) { length = pick(0, 1, 3, 5) }
        let unknownFlag = chance(40)
        // Which of the two counts is not said.
        if unknownFlag { length = max(length, 1) }
        return .init(
            task: number(Extent.tasks), offset: chance(10) ? offset & ~(Extent.pageBytes - 1) : offset,
            length: length, isPrivate: chance(4), unknownFlag: unknownFlag, wraps: chance(40))
    }
}
