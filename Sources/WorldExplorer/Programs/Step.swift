// SPDX-License-Identifier: MIT

/// One thing that happens in a world.
///
/// Numbers choose among what there is when the step comes: processes, tasks and mappings are counted from 0, and a
/// number beyond the end begins again at the start. So every program makes sense, also one of which steps were left out.
public enum Step: Codable, Equatable, Sendable {
    /// A new process that shares nothing yet.
    case process
    /// The same, as the first of a PID namespace: its tasks know themselves by other numbers. It neither forks nor has tasks
    /// that are processes of their own, whose numbers the world would not learn. Only as root.
    case processInNamespace
    /// fork(2): private memory is copied, shared memory shared; no task is.
    case fork(process: Int)
    /// A mapping at a page of the process's arena, over what is there.
    case map(process: Int, page: Int, pages: Int, Backing)
    /// Pages of a file in any order, each in a mapping of its own, one after the other in the arena.
    case mapScattered(process: Int, page: Int, file: Int, filePages: [Int])
    case unmap(process: Int, page: Int, pages: Int)
    /// Write permission is taken away or given back, as far as the file allows.
    case protect(process: Int, page: Int, pages: Int, writable: Bool)
    /// mremap(2) of pages of the arena to other places in it, one after the other.
    case move(process: Int, page: Int, pages: Int, to: Int)
    /// The process's mapping of the file in hugetlbfs, all of it. Only where there are huge pages.
    case hugeMapping(process: Int, Access)
    /// Asks for what the process has mapped to leave its page tables, and memory, where there is swap space (MADV_PAGEOUT).
    case pageOut(process: Int)
    /// A task with a robust list head of its own.
    case task(process: Int, sharesMemoryOnly: Bool)
    /// The same as a process that shares the memory and suspends the thread that made it: clone(CLONE_VM | CLONE_VFORK).
    case vforkTask(process: Int)
    /// The task has a pending operation on the word at an offset in the arena; or none.
    case pend(task: Int, Operation?)
    /// The task registers the head that it does not have registered: the one in memory of its address space, or the one
    /// in a file that all processes share. Its operations are those of the head that is registered.
    case moveHead(task: Int)
    /// The task has no head registered from now on. What it writes into the head that it had is nobody's operation.
    case dropHead(task: Int)
    /// The task locks the word, as the only one in the list of its head in the file, which it registers; or it unlocks the
    /// one that it has there, whose word stays as it is. It has no pending operation afterwards.
    case hold(task: Int, offset: Int?)
    /// The memory of the heads of all tasks that have gone, in the file, gets contents that look like pending operations on
    /// the word. Nobody's, they stay.
    case bury(Operation)
    /// The process's mapping of the file with heads.
    case headPage(process: Int, Access)
    /// The task has a pending operation in a head of 32 bits as well, which it registers for the first of them; or none.
    /// Only where the kernel has such heads, and in processes whose addresses they can hold.
    case pendCompat(task: Int, Operation?)
    /// A word in a page that is mapped for writing gets a value.
    case store(process: Int, offset: Int, Word)
    /// The task waits on the word.
    case wait(task: Int, offset: Int)
    /// cleanup_robust_list(2), by tasks at the same time.
    case calls([Call])
    /// The same, while a process is killed.
    case callsBesideKill([Call], process: Int)
    /// The same, while something else happens, which has come to its end before the calls are waited for. The heads of those
    /// that it ends are buried as with ``bury(_:)``, while the calls may still be at them.
    case callsBeside([Call], Beside)
    /// exit(2) of the task alone.
    case exit(task: Int)
    /// execve(2) by the task, which ends the other threads of its process.
    case exec(task: Int)
    /// The first thread of the process exits and leaves a zombie.
    case exitLeader(process: Int)
    /// Until ``resume(process:)`` nothing of the process runs. What its tasks waited for they may miss.
    case halt(process: Int, Halt)
    case resume(process: Int)
    /// SIGKILL.
    case kill(process: Int)

    /// An event beside calls: it changes one thing at a time, so that there is one state before it and one after.
    public enum Beside: Codable, Equatable, Sendable {
        case exit(task: Int)
        case exec(task: Int)
        case kill(process: Int)
        case fork(process: Int)
        case map(process: Int, page: Int, Backing)
        case unmap(process: Int, page: Int)
        case protect(process: Int, page: Int, writable: Bool)
        case headPage(process: Int, Access)
        case hugeMapping(process: Int, Access)
        case pageOut(process: Int)
        case halt(process: Int, Halt)
        case resume(process: Int)

        var step: Step {
            switch self {
            case .exit(let task): .exit(task: task)
            case .exec(let task): .exec(task: task)
            case .kill(let process): .kill(process: process)
            case .fork(let process): .fork(process: process)
            case .map(let process, let page, let backing):
                .map(process: process, page: page, pages: 1, backing)
            case .unmap(let process, let page): .unmap(process: process, page: page, pages: 1)
            case .protect(let process, let page, let isWritable):
                .protect(process: process, page: page, pages: 1, writable: isWritable)
            case .headPage(let process, let access): .headPage(process: process, access)
            case .hugeMapping(let process, let access): .hugeMapping(process: process, access)
            case .pageOut(let process): .pageOut(process: process)
            case .halt(let process, let how): .halt(process: process, how)
            case .resume(let process): .resume(process: process)
            }
        }
    }

    public enum Halt: String, Codable, Equatable, Sendable, CaseIterable {
        /// By SIGSTOP.
        case stopped
        /// In a control group of its own. Only as root.
        case frozen
    }

    public enum Backing: Codable, Equatable, Sendable {
        case sharedFile(file: Int, page: Int, writable: Bool)
        /// The same memory by another open file.
        case reopenedFile(file: Int, page: Int)
        /// Opened for reading only: never writable.
        case readOnlyFile(file: Int, page: Int)
        case privateFile(file: Int, page: Int)
        case anonymous
    }

    /// The access that a process has.
    public enum Access: String, Codable, Equatable, Sendable, CaseIterable {
        case writable, readOnly, absent
    }

    public struct Operation: Codable, Equatable, Sendable {
        /// Of the futex word in the arena; may lie outside of it.
        public var offset: Int
        /// Of the word from the lock entry, as the head has it; a head of 32 bits has the lower half.
        public var futexOffset: Int
        public var isPI: Bool
    }

    /// The value of a word.
    public enum Word: Codable, Equatable, Sendable {
        /// As the owner's TID, with or without FUTEX_WAITERS.
        case owned(task: Int, hasWaiters: Bool)
        case value(UInt32)
    }

    public struct Call: Codable, Equatable, Sendable {
        public var task: Int
        /// In the arena.
        public var offset: Int
        public var length: Int
        public var isPrivate: Bool
        /// Beyond FUTEX2_PRIVATE.
        public var unknownFlag: Bool
        /// The range ends beyond the top of the address space.
        public var wraps: Bool
    }
}

/// A world from nothing to its end.
public struct WorldProgram: Codable, Equatable, Sendable {
    /// The seed that it was made from; nil for one that was changed.
    public var seed: UInt64?
    /// Nil for those that worlds had when there was no choice.
    public var stores: Stores?
    public var steps: [Step]

    public init(seed: UInt64?, stores: Stores?, steps: [Step]) {
        self.seed = seed
        self.stores = stores
        self.steps = steps
    }
}

/// The sizes of things in every world.
enum Extent {
    static let pageBytes = 4096
    static let arenaPages = 12
    static let files = 3
    static let filePages = 4
    static let processes = 8
    static let tasks = 24
    /// Of the mapping of the file with heads, from the arena's start: behind a gap.
    static let headPage = (arenaPages + 16) * pageBytes
    /// A task's place in the file, and in that the head of 32 bits.
    static let headBytes = 64
    static let compatHead = 32
    /// The entry of a held lock, behind the heads.
    static let listEntry = 48
    /// The place of the other one in that: every fourth task has it where its pointer is not aligned.
    static func head(of task: Int) -> Int { isAligned(task) ? 0 : 4 }
    static func isAligned(_ task: Int) -> Bool { task % 4 != 3 }
    /// The file in hugetlbfs comes after the others; its mapping is one huge page, from the arena's start.
    static let hugeFile = files
    static let huge = 4 << 20..<6 << 20
    /// The small pages in it that have words: not the first, by whose number the kernel might know them all.
    static let hugeWindow = 300..<304
}
