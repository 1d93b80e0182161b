// SPDX-License-Identifier: MIT

/// A world as the contract of the call has it, and nothing else: written from docs/call.md, not from the kernel's code.
struct ModelWorld {
    /// The memory behind a page of an arena.
    enum Memory: Equatable {
        case file(Int, page: Int)
        /// Seen by one address space only: the number of a ``PrivatePage``.
        case own(Int)
    }

    struct Mapping: Equatable {
        var memory: Memory
        var isWritable: Bool
        /// A shared mapping of a file that was opened for reading only: no permission makes it writable.
        var canBecomeWritable: Bool
        /// Which open file of an anonymous inode it is of: each is memory of its own to the call. nil: of any other file.
        var openFile: Stores.Opening?
    }

    /// An address space.
    struct Space {
        var headPage = Step.Access.writable
        /// By the page of the arena; nil: nothing is mapped there.
        var pages: [Mapping?] = Array(repeating: nil, count: Extent.arenaPages)

        /// Of the file in hugetlbfs, whole, at ``Extent/hugeStart``.
        var huge: Mapping?

        func mapping(at offset: Int) -> Mapping? {
            if Extent.huge.contains(offset) { return huge }
            guard offset >= 0, offset < Extent.arenaPages * Extent.pageBytes else { return nil }
            return pages[offset / Extent.pageBytes]
        }
    }

    struct Task {
        var tid: UInt32
        var space: Int
        /// Of the process that ends it when it is killed.
        var process: Int
        /// The operations that its heads have: the one in memory of the address space, the one in the file with heads,
        /// and the one of 32 bits, which is there too.
        var own: Step.Operation?
        var placed: Step.Operation?
        var compat: Step.Operation?
        /// The lock in the list of the head in the file: its word, and what the head has as futex_offset.
        var held: (offset: Int, futexOffset: Int)?
        /// Tells which of the first two is registered, or was last.
        var isPlaced = false
        /// Tells whether one of the first two is registered.
        var isRegistered = true
        var isAlive = true

        init(tid: UInt32, space: Int, process: Int) {
            self.tid = tid
            self.space = space
            self.process = process
        }

        /// That of the head that is registered.
        var operation: Step.Operation? {
            get { isRegistered ? (isPlaced ? placed : own) : nil }
            set { if isPlaced { placed = newValue } else { own = newValue } }
        }
        /// The word that it waits on; it takes no orders meanwhile. A wait decides at its start which memory that is, whatever
        /// is mapped there later.
        var waitsOn: WaitKey?
    }

    /// A word as futex(2) knows it: by its place in a file, or, if it is private, by the address at which its address space has
    /// it (get_futex_key() in kernel/futex/core.c).
    enum WaitKey: Equatable {
        case file(Int, byte: Int)
        case own(space: Int, offset: Int)
    }

    /// A head of a task.
    enum Head: Hashable, Comparable {
        case native(Int)
        case compat(Int)

        var task: Int {
            switch self {
            case .native(let task), .compat(let task): task
            }
        }
    }

    subscript(head: Head) -> Step.Operation? {
        get {
            switch head {
            case .native(let task): tasks[task].operation
            case .compat(let task): tasks[task].compat
            }
        }
        set {
            switch head {
            case .native(let task): tasks[task].operation = newValue
            case .compat(let task): tasks[task].compat = newValue
            }
        }
    }

    /// The kernel's access to the head on behalf of its task.
    private func access(to head: Head) -> Step.Access {
        if case .native(let task) = head, !tasks[task].isPlaced { return .writable }
        return spaces[tasks[head.task].space].headPage
    }

    private func isAligned(_ head: Head) -> Bool {
        guard case .native(let task) = head, tasks[task].isPlaced else { return true }
        return Extent.isAligned(task)
    }

    var spaces: [Space] = []
    var privatePages: [PrivatePage] = []
    var tasks: [Task] = []
    /// The contents of the files, by words.
    var files: [[UInt32]] =
        Array(
            repeating: Array(repeating: 0, count: Extent.filePages * Extent.pageBytes / 4),
            count: Extent.files)
        + [Array(repeating: 0, count: Extent.huge.count / 4)]

    /// The place of an arena's word in a file; nil where it is in none.
    func place(_ offset: Int, in space: Int) -> (file: Int, byte: Int)? {
        guard case .file(let file, let page)? = spaces[space].mapping(at: offset)?.memory else { return nil }
        if file == Extent.hugeFile { return (file, offset - Extent.huge.lowerBound) }
        return (file, page * Extent.pageBytes + offset % Extent.pageBytes)
    }

    /// The address space of a child process after fork(2): private memory is its own from now on.
    mutating func copy(_ space: Space) -> Space {
        var copy = space
        for page in copy.pages.indices {
            guard case .own(let number)? = copy.pages[page]?.memory else { continue }
            copy.pages[page]!.memory = add(privatePages[number])
        }
        return copy
    }

    /// The word that an address space has at an offset; nil where nothing is mapped, or it is not aligned.
    func word(at offset: Int, in space: Int) -> UInt32? {
        guard offset % 4 == 0, let mapping = spaces[space].mapping(at: offset) else { return nil }
        if let (file, byte) = place(offset, in: space) { return files[file][byte / 4] }
        guard case .own(let number) = mapping.memory else { return nil }
        return possibleContents(ofPrivatePage: number)[0][offset % Extent.pageBytes / 4]
    }

    mutating func setWord(at offset: Int, in space: Int, to value: UInt32) {
        if let (file, byte) = place(offset, in: space) {
            files[file][byte / 4] = value
        } else if case .own(let number)? = spaces[space].mapping(at: offset)?.memory {
            write(value, at: offset % Extent.pageBytes / 4, ofPrivatePage: number)
        }
    }

    // MARK: Words

    /// The place in a file of the word of the head's operation; nil where there is none.
    func placeOfWord(_ head: Head) -> (file: Int, byte: Int)? {
        self[head].flatMap { place($0.offset, in: tasks[head.task].space) }
    }

    private func openFileOfWord(_ head: Head) -> Stores.Opening? {
        self[head].flatMap { spaces[tasks[head.task].space].mapping(at: $0.offset)?.openFile }
    }

    func hasWord(of head: Head, whereItIsIn other: ModelWorld) -> Bool {
        switch (placeOfWord(head), other.placeOfWord(head)) {
        case (nil, nil): true
        case (let one?, let two?): one == two && openFileOfWord(head) == other.openFileOfWord(head)
        default: false
        }
    }

    /// The word that an address space has at an offset now; nil where there is none, or it may be either: the page of a file
    /// that a private mapping shows without write permission need not have been copied.
    func waitKey(at offset: Int, in space: Int) -> WaitKey? {
        guard offset % 4 == 0, let mapping = spaces[space].mapping(at: offset) else { return nil }
        if let (file, byte) = place(offset, in: space) {
            // Pages of anonymous inodes belong to no file (get_futex_key()).
            return mapping.openFile == nil ? .file(file, byte: byte) : nil
        }
        guard case .own(let number) = mapping.memory, mapping.isWritable || privatePages[number].isCopied
        else { return nil }
        return .own(space: space, offset: offset)
    }

    /// The tasks that wait on the word that an address space has at an offset now.
    func waiters(on offset: Int, in space: Int) -> [Int] {
        guard let word = waitKey(at: offset, in: space) else { return [] }
        return tasks.indices.filter { tasks[$0].isAlive && tasks[$0].waitsOn == word }
    }

    // MARK: What exits do

    /// The exit of a task, or its exec, whose pending operations are carried out: FUTEX_OWNER_DIED goes into the word if
    /// the word names the task as its owner and can be written. Before that it goes into those of the locks that it holds.
    mutating func exit(_ number: Int) {
        guard tasks[number].isAlive else { return }
        tasks[number].isAlive = false
        tasks[number].waitsOn = nil
        if giveUpHeldLock(of: number) { carryOut(.native(number)) }
        carryOut(.compat(number))
    }

    /// - Returns: false where the kernel gives the whole list up: at an entry that it cannot handle.
    private mutating func giveUpHeldLock(of number: Int) -> Bool {
        let (task, space) = (tasks[number], tasks[number].space)
        guard task.isPlaced, task.isRegistered, access(to: .native(number)) != .absent,
            let offset = task.held?.offset,
            // The same entry: it is not handled twice.
            offset != task.placed?.offset
        else { return true }
        guard let mapping = spaces[space].mapping(at: offset), let word = word(at: offset, in: space) else {
            return false
        }
        guard word & 0x3fff_ffff == task.tid else { return true }
        guard mapping.isWritable else { return false }
        setWord(at: offset, in: space, to: word & 0x8000_0000 | 0x4000_0000)
        return true
    }

    private mutating func carryOut(_ head: Head) {
        let number = head.task
        let space = tasks[number].space
        guard access(to: head) != .absent, let operation = self[head],
            spaces[space].mapping(at: operation.offset)?.isWritable == true,
            let word = word(at: operation.offset, in: space)
        else { return }
        guard word & 0x3fff_ffff == tasks[number].tid else {
            if !operation.isPI { wake(at: operation.offset, in: space) }
            return
        }
        setWord(at: operation.offset, in: space, to: word & 0x8000_0000 | 0x4000_0000)
    }

    /// The exec of a thread: the others of its process exit, and it has the id of the process, as whom it owns nothing, before
    /// its own operations are carried out (de_thread() and exec_mmap() in fs/exec.c).
    mutating func execute(_ number: Int, processID: UInt32) {
        let process = tasks[number].process
        for other in tasks.indices where tasks[other].process == process && other != number { exit(other) }
        tasks[number].tid = processID
        exit(number)
    }

    mutating func kill(process: Int) {
        for number in tasks.indices where tasks[number].process == process { exit(number) }
    }

    // MARK: What a call does

    /// The error that the call may fail with, all of them; empty where it must succeed.
    func errors(of call: Step.Call, by task: Int) -> Set<CallError> {
        if call.unknownFlag { return [.invalid] }
        if call.length == 0 { return [] }
        if call.wraps { return [.invalid] }
        guard !call.isPrivate else { return [] }
        let space = spaces[tasks[task].space]
        var errors: Set<CallError> = []
        for page in Self.pages(of: call) {
            guard let mapping = space.mapping(at: page * Extent.pageBytes) else {
                errors.insert(.hole)
                continue
            }
            if case .file = mapping.memory, !mapping.canBecomeWritable { errors.insert(.access) }
        }
        return errors
    }

    enum CallError: Hashable {
        case invalid, hole, access
    }

    private static func pages(of call: Step.Call) -> ClosedRange<Int> {
        func page(_ offset: Int) -> Int {
            (offset - (offset < 0 ? Extent.pageBytes - 1 : 0)) / Extent.pageBytes
        }
        return page(call.offset)...page(call.offset + call.length - 1)
    }

    /// The heads whose operation a call that succeeds has to end, and, `perhaps`, those whose operation it may end: no
    /// exit acts on a word that is not aligned, or that can never be written there, and a head that its owner cannot write, or
    /// whose pointer is not aligned, is beyond the call.
    func designated(
        by call: Step.Call, of caller: Int
    ) -> (surely: Set<Head>, perhaps: Set<Head>) {
        var (surely, perhaps): (Set<Head>, Set<Head>) = ([], [])
        for head in overlapping(call, of: caller) {
            let offset = self[head]!.offset
            let mapping = spaces[tasks[head.task].space].mapping(at: offset)
            // With FUTEX2_PRIVATE mappings do not count: after the call another one may be there.
            let isReadOnly = mapping?.canBecomeWritable == false && !call.isPrivate
            if offset % 4 != 0 || isReadOnly || access(to: head) != .writable || !isAligned(head) {
                perhaps.insert(head)
            } else {
                surely.insert(head)
            }
        }
        return (surely, perhaps)
    }

    private func overlapping(_ call: Step.Call, of caller: Int) -> [Head] {
        guard call.length > 0 else { return [] }
        let own = tasks[caller].space
        return tasks.indices.flatMap { [Head.native($0), .compat($0)] }.filter { head in
            let number = head.task
            guard tasks[number].isAlive, let operation = self[head] else { return false }
            let word = operation.offset
            let isSameSpace = tasks[number].space == own
            if call.isPrivate { return isSameSpace && overlaps(word, call.offset, call.length) }
            if isSameSpace, overlaps(word, call.offset, call.length) { return true }
            // By the memory: a word that the target has in a shared mapping of what the caller has in one.
            guard let target = place(word, in: tasks[number].space) else { return false }
            return Self.pages(of: call).contains { page in
                let start = max(call.offset, page * Extent.pageBytes)
                let end = min(call.offset + call.length, (page + 1) * Extent.pageBytes)
                guard let mine = place(start, in: own) else { return false }
                return mine.file == target.file && mine.byte < target.byte + 4
                    && target.byte < mine.byte + end - start
                    && spaces[own].mapping(at: start)?.openFile == openFileOfWord(head)
            }
        }
    }

    private func overlaps(_ word: Int, _ start: Int, _ length: Int) -> Bool {
        word < start + length && start < word + 4
    }
}
