// SPDX-License-Identifier: MIT

extension FailingAllocations {
    /// A world in which a call asks for something.
    public enum Scenario: String, CaseIterable, Sendable {
        case oneSharer = "one sharer"
        case manySharers = "many sharers"
        case moreSharers = "more sharers than the second array has space for"
        case manyThreads = "many threads"
        case growingGroups = "groups of more and more threads"
        case processesOfOneMemory = "processes that share all their memory"
        case childrenOfVfork = "children of vfork"
        case severalMappings = "several mappings"
        case hundredMappings = "more mappings than a page has space for"
        case manyOfEach = "several mappings, many sharers and many threads"
        case privateMemory = "private memory"
        case privateFlag = "private memory and FUTEX2_PRIVATE"
        case piLocks = "operations on PI futexes"
        case exec = "a process that is in exec"
        case waiter = "a waiter"
        case wordWithoutPage = "a word whose page the caller has not touched"
        case headOfForkedMemory = "a head that is to be copied after a fork"
        case compatHeadOfForkedMemory = "a 32-bit head that is to be copied after a fork"
        case headWithoutPageTables = "a head in shared memory that its process has not touched"
        case headInHugePage = "a head in a huge page of hugetlbfs"
        case swappedOutHeads = "heads that are swapped out"

        /// The reason why it cannot be carried out on this machine; nil when it can.
        public func reasonMissing() -> String? {
            let needed: [Feature] =
                switch self {
                case .compatHeadOfForkedMemory: [.compat]
                case .headInHugePage: [.hugetlb]
                case .swappedOutHeads: [.swap]
                case .exec: [.userfaultfd]
                default: []
                }
            return needed.lazy.compactMap { $0.reasonMissing() }.first
        }

        func world(_ scene: Scene) throws -> FaultWorld {
            let world = try FaultWorld(scene)
            switch self {
            case .oneSharer: try world.share(with: 2)
            case .manySharers: try world.share(with: 20)
            case .moreSharers:
                try world.share(with: 2)
                try world.addChildren(140)
            case .manyThreads: try world.share(with: 2, threads: 20)
            case .growingGroups:
                try world.share(with: 2)
                // Whichever way round they are visited.
                for threads in [20, 60, 20] { try world.addGroup(of: threads) }
            case .processesOfOneMemory: try world.share(with: 1, threads: 20, .vmProcess)
            case .childrenOfVfork: try world.share(with: 3, threads: 6, .vforkChild)
            case .severalMappings: try world.share(mappings: 12, with: 2)
            case .hundredMappings: try world.share(mappings: 120, with: 2)
            case .manyOfEach:
                try world.share(mappings: 12, with: 2)
                try world.addChildren(20)
                try world.addGroup(of: 20)
            case .privateMemory: try world.shareNothing(threads: 20)
            case .privateFlag:
                try world.shareNothing(threads: 20)
                world.flags = .privateOnly
            case .piLocks: try world.share(with: 2, threads: 3, isPI: true)
            case .exec: try world.shareWithExec()
            case .waiter: try world.shareWithWaiter()
            case .wordWithoutPage:
                try world.share(with: 2)
                world.loseWordBeforeEachCall()
            case .headOfForkedMemory: try world.shareWithForkedHeads(.native)
            case .compatHeadOfForkedMemory: try world.shareWithForkedHeads(.compat)
            case .headWithoutPageTables: try world.shareWithUntouchedHead()
            case .headInHugePage: try world.shareWithHeadInHugePage()
            case .swappedOutHeads: try world.shareWithSwappedOutHeads()
            }
            return world
        }
    }
}
