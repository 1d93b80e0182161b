// SPDX-License-Identifier: MIT

import Testing

@testable import WorldExplorer

/// The model itself: what it says of small worlds that can be thought through.
@Suite struct ModelTests {
    private static let page = Extent.pageBytes

    /// Two address spaces: page 0 of the first is page 1 of file 0, which is page 2 of the second; a task in each, and
    /// one more in the first.
    private func world() -> ModelWorld {
        var world = ModelWorld()
        world.spaces = [.init(), .init()]
        let shared = ModelWorld.Mapping(
            memory: .file(0, page: 1), isWritable: true, canBecomeWritable: true)
        world.spaces[0].pages[0] = shared
        world.spaces[0].pages[1] = .init(
            memory: world.add(.init()), isWritable: true, canBecomeWritable: true)
        world.spaces[1].pages[2] = shared
        world.tasks = [
            .init(tid: 100, space: 0, process: 0), .init(tid: 101, space: 1, process: 1),
            .init(tid: 102, space: 0, process: 0),
        ]
        return world
    }

    private func call(_ offset: Int, _ length: Int = 4, isPrivate: Bool = false) -> Step.Call {
        .init(
            task: 0, offset: offset, length: length, isPrivate: isPrivate, unknownFlag: false, wraps: false)
    }

    private func pending(_ offset: Int) -> Step.Operation {
        .init(offset: offset, futexOffset: -32, isPI: false)
    }

    @Test func sharedMemoryIsTheSameAtAnotherAddress() {
        var world = world()
        world.tasks[1].operation = pending(2 * Self.page + 8)
        #expect(world.designated(by: call(8), of: 0).surely == [.native(1)])
        #expect(world.designated(by: call(4), of: 0).surely == [])
        #expect(world.designated(by: call(12), of: 0).surely == [])
        // A byte of the word is enough.
        #expect(world.designated(by: call(11, 1), of: 0).surely == [.native(1)])
        #expect(world.designated(by: call(8, isPrivate: true), of: 0).surely == [])
    }

    @Test func ownMemoryIsThatOfTheAddressSpace() {
        var world = world()
        world.spaces[1].pages[1] = .init(
            memory: world.add(.init()), isWritable: true, canBecomeWritable: true)
        world.tasks[1].operation = pending(Self.page + 8)
        world.tasks[2].operation = pending(Self.page + 8)
        #expect(world.designated(by: call(Self.page + 8), of: 0).surely == [.native(2)])
        #expect(world.designated(by: call(Self.page + 8, isPrivate: true), of: 0).surely == [.native(2)])
    }

    /// A private mapping of a file shows that until it is written to, and a child has its own from then on.
    @Test func privateMemoryIsCopiedWhenItIsWritten() {
        var world = world()
        world.spaces[1].pages[1] = .init(
            memory: world.add(.init(file: (0, 1))), isWritable: true, canBecomeWritable: true)
        world.files[0][(Self.page + 8) / 4] = 5
        #expect(world.word(at: Self.page + 8, in: 1) == 5)
        world.spaces.append(world.copy(world.spaces[1]))
        world.setWord(at: Self.page + 8, in: 1, to: 101)
        #expect(world.word(at: Self.page + 8, in: 1) == 101 && world.word(at: Self.page + 8, in: 2) == 5)
        world.files[0][(Self.page + 8) / 4] = 6
        #expect(world.word(at: Self.page + 8, in: 1) == 101 && world.word(at: Self.page + 8, in: 2) == 6)
        // An exit writes to it as to any.
        world.tasks[1].operation = pending(Self.page + 8)
        world.exit(1)
        #expect(world.word(at: Self.page + 8, in: 1) == 0x4000_0000)
        #expect(world.word(at: Self.page + 9, in: 1) == nil)
    }

    /// It may be copied by a wake-up as well, which is seen when the file changes.
    @Test func privateMemoryMayBeCopiedByAWakeUp() {
        var world = world()
        let (word, file) = (Self.page + 8, (Self.page + 8) / 4)
        let number = world.privatePages.count
        world.spaces[1].pages[1] = .init(
            memory: world.add(.init(file: (0, 1))), isWritable: true, canBecomeWritable: true)
        let before = world.possibleContents(ofPrivatePage: number)[0]
        world.wake(at: word, in: 1)
        world.files[0][file] = 6
        let after = world.possibleContents(ofPrivatePage: number)[0]
        var (other, wrong) = (world, after)
        wrong[2] = 7
        #expect(world.learn(wrong, ofPrivatePage: number)?.word == 2)
        // Once it is known, it is that.
        #expect(world.learn(before, ofPrivatePage: number) == nil)
        #expect(world.learn(after, ofPrivatePage: number)?.allowed == [before[2]])
        #expect(other.learn(after, ofPrivatePage: number) == nil)
        #expect(other.learn(before, ofPrivatePage: number)?.allowed == [6])
        // An exit that finds an operation to wake somebody for copies it, too; one that it acts on surely.
        other.tasks[1].operation = pending(word)
        other.exit(1)
        other.files[0][file] = 8
        #expect(other.possibleContents(ofPrivatePage: number).map { $0[2] } == [8, 6])
        other.setWord(at: word, in: 1, to: 9)
        #expect(other.possibleContents(ofPrivatePage: number).map { $0[2] } == [9, 9])
    }

    /// Words of a huge page are told apart by their place in it, not by that in the small page.
    @Test func wordsOfAHugePageAreTheirOwn() {
        var world = world()
        for space in world.spaces.indices {
            world.spaces[space].huge = .init(
                memory: .file(Extent.hugeFile, page: 0), isWritable: true, canBecomeWritable: true)
        }
        let word = Extent.huge.lowerBound + 301 * Self.page + 8
        world.tasks[1].operation = pending(word)
        #expect(world.designated(by: call(word), of: 0).surely == [.native(1)])
        #expect(world.designated(by: call(word - Self.page), of: 0).surely == [])
        #expect(
            world.designated(by: call(Extent.huge.lowerBound, Extent.huge.count), of: 0).surely == [
                .native(1)
            ])
        #expect(world.errors(of: call(Extent.huge.upperBound - 4, 8), by: 0) == [.hole])
        world.files[Extent.hugeFile][(301 * Self.page + 8) / 4] = 101
        world.exit(1)
        #expect(world.files[Extent.hugeFile][(301 * Self.page + 8) / 4] == 0x4000_0000)
    }

    /// Of the memory that was there when it began to wait.
    @Test func waiterStaysOneOnItsWord() {
        var world = world()
        world.tasks[1].waitsOn = world.waitKey(at: 2 * Self.page + 8, in: 1)
        #expect(world.waiters(on: 8, in: 0) == [1])
        #expect(world.waiters(on: 4, in: 0) == [])
        world.spaces[1].pages[2]?.memory = .file(0, page: 3)
        #expect(world.waiters(on: 2 * Self.page + 8, in: 1) == [])
        #expect(world.waiters(on: 8, in: 0) == [1])
        world.exit(1)
        #expect(world.waiters(on: 8, in: 0) == [])
    }

    /// A word of private memory is known by its address, not by its page.
    @Test func waiterOnPrivateMemoryStaysOneAtItsAddress() {
        var world = world()
        let word = Self.page + 8
        world.tasks[2].waitsOn = world.waitKey(at: word, in: 0)
        #expect(world.waiters(on: word, in: 0) == [2])
        #expect(world.waiters(on: word + 4, in: 0) == [])
        world.spaces[1].pages[1] = .init(
            memory: world.add(.init()), isWritable: true, canBecomeWritable: true)
        #expect(world.waiters(on: word, in: 1) == [])
        let newPage = world.add(.init())
        world.spaces[0].pages[1]?.memory = newPage
        #expect(world.waiters(on: word, in: 0) == [2])
        // It may still be the file, as which futex(2) takes it then.
        world.spaces[0].pages[1] = .init(
            memory: world.add(.init(file: (0, 1))), isWritable: false, canBecomeWritable: true)
        #expect(world.waiters(on: word, in: 0) == [])
    }

    /// With FUTEX2_PRIVATE mappings do not count: after the call another one may be there.
    @Test func privateCallEndsOperationsOnReadOnlyMemory() {
        var world = world()
        world.spaces[0].pages[0] = .init(
            memory: .file(0, page: 1), isWritable: false, canBecomeWritable: false)
        world.tasks[2].operation = pending(8)
        #expect(world.designated(by: call(8, isPrivate: true), of: 0).surely == [.native(2)])
    }

    @Test func operationsWithoutEffectMayStay() {
        var world = world()
        world.tasks[2].operation = .init(offset: 9, futexOffset: -31, isPI: false)
        #expect(world.designated(by: call(8, 8), of: 0).perhaps == [.native(2)])
        world.spaces[1].pages[2]?.canBecomeWritable = false
        world.tasks[1].operation = pending(2 * Self.page + 8)
        #expect(world.designated(by: call(8, 8), of: 0).perhaps == [.native(1), .native(2)])
    }

    @Test func argumentsAreRefusedForTheReasonThatTheyHave() {
        var world = world()
        #expect(world.errors(of: call(8, 2 * Self.page), by: 0) == [.hole])
        #expect(world.errors(of: call(8, 2 * Self.page, isPrivate: true), by: 0) == [])
        #expect(world.errors(of: call(8, 0), by: 0) == [])
        #expect(world.errors(of: call(-4, 8), by: 0) == [.hole])
        world.spaces[0].pages[0]?.canBecomeWritable = false
        #expect(world.errors(of: call(8), by: 0) == [.access])
        #expect(world.errors(of: call(8, 3 * Self.page), by: 0) == [.access, .hole])
        var wrong = call(8)
        wrong.unknownFlag = true
        #expect(world.errors(of: wrong, by: 0) == [.invalid])
        wrong = call(8)
        wrong.wraps = true
        #expect(world.errors(of: wrong, by: 0) == [.invalid])
    }

    @Test func exitWritesWhereTheWordNamesTheTask() {
        var world = world()
        let word = (Self.page + 8) / 4
        world.files[0][word] = 101 | 0x8000_0000
        world.tasks[1].operation = pending(2 * Self.page + 8)
        world.tasks[2].operation = pending(8)
        world.exit(2)
        #expect(world.files[0][word] == 101 | 0x8000_0000)
        world.kill(process: 1)
        #expect(world.files[0][word] == 0xc000_0000)
        #expect(!world.tasks[1].isAlive && !world.tasks[2].isAlive && world.tasks[0].isAlive)
    }

    /// The list goes first, and what it cannot handle ends the whole clean-up of the head.
    @Test func exitGivesUpHeldLocks() {
        let start = world()
        func hold(_ offset: Int, _ change: (inout ModelWorld) -> Void = { _ in }) -> ModelWorld {
            var world = start
            world.setWord(at: 8, in: 0, to: 0x8000_0000 | 100)
            world.setWord(at: 16, in: 0, to: 100)
            world.tasks[0].isPlaced = true
            world.tasks[0].held = (offset, -32)
            world.tasks[0].placed = pending(16)
            change(&world)
            world.exit(0)
            return world
        }
        let both = hold(8)
        #expect(both.word(at: 8, in: 0) == 0xc000_0000)
        #expect(both.word(at: 16, in: 0) == 0x4000_0000)
        let ofOthers = hold(8) { $0.setWord(at: 8, in: 0, to: 102) }
        #expect(ofOthers.word(at: 8, in: 0) == 102)
        #expect(ofOthers.word(at: 16, in: 0) == 0x4000_0000)
        // Nothing is mapped there, which ends it; elsewhere it is the pending operation's own word.
        #expect(hold(5 * Self.page).word(at: 16, in: 0) == 100)
        #expect(hold(16).word(at: 16, in: 0) == 0x4000_0000)
        for unregister in [\ModelWorld.Task.isPlaced, \.isRegistered] {
            let none = hold(8) { $0.tasks[0][keyPath: unregister] = false }
            #expect(none.word(at: 8, in: 0) == 0x8000_0064)
        }
    }

    @Test func exitWritesNothingThatItCannot() {
        var world = world()
        let word = (Self.page + 8) / 4
        world.files[0][word] = 101
        world.tasks[1].operation = pending(2 * Self.page + 8)
        world.spaces[1].pages[2]?.isWritable = false
        world.exit(1)
        #expect(world.files[0][word] == 101)
    }

    @Test func headOfItsOwnCountsAsThatOf32Bits() {
        var world = world()
        world.tasks[1].compat = pending(2 * Self.page + 8)
        #expect(world.designated(by: call(8), of: 0).surely == [.compat(1)])
        world.spaces[1].headPage = .readOnly
        #expect(world.designated(by: call(8), of: 0).perhaps == [.compat(1)])
        world.tasks[1].own = pending(2 * Self.page + 8)
        #expect(world.designated(by: call(8), of: 0).surely == [.native(1)])
        world.tasks[1].isPlaced = true
        #expect(world.designated(by: call(8), of: 0).surely == [])
        #expect(world.tasks[1].operation == nil)
    }

    @Test func headThatIsNotRegisteredIsNobodys() {
        var world = world()
        let word = (Self.page + 8) / 4
        world.files[0][word] = 101
        world.tasks[1].operation = pending(2 * Self.page + 8)
        world.tasks[1].isRegistered = false
        #expect(world.designated(by: call(8), of: 0) == ([], []))
        #expect(world.tasks[1].own != nil)
        world.exit(1)
        #expect(world.files[0][word] == 101)
    }

    /// An exit reads it, and the call does not reach it.
    @Test func headThatIsNotAlignedMayKeepItsOperation() {
        var world = world()
        world.tasks = (0..<4).map { .init(tid: 100 + UInt32($0), space: $0 % 2, process: $0 % 2) }
        #expect(!Extent.isAligned(3))
        let word = (Self.page + 8) / 4
        world.files[0][word] = 103
        world.tasks[3].operation = pending(2 * Self.page + 8)
        #expect(world.designated(by: call(8), of: 0) == ([.native(3)], []))
        world.tasks[3].isPlaced = true
        world.tasks[3].operation = pending(2 * Self.page + 8)
        #expect(world.designated(by: call(8), of: 0) == ([], [.native(3)]))
        world.exit(3)
        #expect(world.files[0][word] == 0x4000_0000)
    }

    /// An address that no program has is no word of anybody's, and exits and calls go past it.
    @Test(arguments: [1 << 62, -(1 << 47), -(1 << 61), Int.min, .max - 7])
    func garbageIsNoWord(_ offset: Int) {
        var world = world()
        let files = world.files
        world.tasks[1].operation = pending(offset)
        #expect(world.designated(by: call(0, Extent.arenaPages * Self.page), of: 0) == ([], []))
        world.exit(1)
        #expect(world.files == files)
    }

    /// A word that is mapped anew meanwhile is another one.
    @Test func wordsOfTwoStatesAreTheSameWhereTheirMemoryIs() {
        var world = world()
        world.tasks[1].operation = pending(2 * Self.page + 8)
        var other = world
        #expect(world.hasWord(of: .native(1), whereItIsIn: other))
        other.spaces[1].pages[2]?.memory = .file(0, page: 3)
        #expect(!world.hasWord(of: .native(1), whereItIsIn: other))
        other.spaces[1].pages[2] = nil
        #expect(!world.hasWord(of: .native(1), whereItIsIn: other))
        world.spaces[1].pages[2] = nil
        #expect(world.hasWord(of: .native(1), whereItIsIn: other))
    }

    /// An exit reads a head that its owner cannot write, and none that is not mapped.
    @Test(arguments: Step.Access.allCases) func exitReadsTheHeadThatItCan(_ page: Step.Access) {
        for isCompat in [false, true] {
            var world = world()
            let word = (Self.page + 8) / 4
            world.files[0][word] = 101
            world.tasks[1].isPlaced = true
            world[isCompat ? .compat(1) : .native(1)] = pending(2 * Self.page + 8)
            world.spaces[1].headPage = page
            world.exit(1)
            #expect(world.files[0][word] == (page == .absent ? 101 : 0x4000_0000))
        }
    }

    @Test func threadThatExecutesOwnsNothingAnyMore() {
        var world = world()
        let word = (Self.page + 8) / 4
        world.files[0][word] = 100
        world.files[0][word + 1] = 102
        world.tasks[0].operation = pending(8)
        world.tasks[2].operation = pending(12)
        world.execute(0, processID: 99)
        #expect(world.files[0][word] == 100)
        #expect(world.files[0][word + 1] == 0x4000_0000)
        #expect(!world.tasks[0].isAlive && !world.tasks[2].isAlive && world.tasks[1].isAlive)
    }
}
