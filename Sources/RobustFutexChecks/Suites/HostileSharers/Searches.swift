// SPDX-License-Identifier: MIT

import CTestProcesses
import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

// A pass over all processes, to find who uses an address space, is what costs most. A caller must not be the reason for
// one, be it of another caller or of the exit of a sharer: it holds nobody's memory while it looks at threads.
extension Check {
    static let searches: [Check] = [
        Check(
            "makesNoOtherCallerSearchAllProcesses", .hostileSharers,
            needs: [.root, .processWalks, .cgroupMemory, .groupLookup],
            claim:
                "two callers at once that find all threads in their groups never search all processes for more"
        ) { scene in
            let file = try scene.file()
            let sharer = try scene.peer(inWindowOf: file, at: wordOffset)
            for _ in 0..<60 { _ = try sharer.peer.startTask() }
            let callers = try CallingPeers(scene, 2, sharing: file)
            let searchCount = try callers.countSearches()
            let calls = try callers.callMeanwhile { usleep(useconds_t(2_000_000 * Deadline.slowness)) }
            try scene.expectCleared(sharer.task, "the sharer")
            guard calls >= 200 else { throw CheckError.broken("only \(calls) calls") }
            let searches = try searchCount()
            scene.note("\(calls) calls of two callers at once: \(searches) searches of all processes")
            try scene.expect(
                searches, 0, "searches of all processes by \(calls) calls of two callers at once")

            // The counter works: a process outside the group is found only by a search, which has to be counted.
            let outside = try scene.peer(inWindowOf: file, at: wordOffset, kind: .vmProcess)
            try callers.callOnce()
            try scene.expectCleared(outside.task, "the process outside the thread group of its memory")
            guard try searchCount() > 0 else {
                throw CheckError.broken("a search that took place was not counted")
            }
        },

        Check(
            "makesNoExitSearchForNewOwner", .hostileSharers, needs: [.root, .processWalks],
            claim:
                "the last thread of a sharer, exiting during calls, never searches all processes for a new owner"
        ) { scene in
            let file = try scene.file()
            let last = sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1
            guard last > 0 else { throw CheckError.broken("only one processor: nothing can happen at once") }
            let exits = 500
            let parent = try scene.peer()
            try parent.run(onProcessor: last)
            _ = try parent.map(file, length: pageSize)
            let forking = try parent.startTask()
            // Nobody else has a reason to search on the processor of those that exit, then.
            let quiet = try NoHungTaskDetection()
            defer { withExtendedLifetime(quiet) {} }
            func searchesOfExits() throws -> Int {
                let walks = try ProcessWalks(onProcessor: last)
                forking.beginSpawning(CTP_SPAWN_PROCESSES, count: exits)
                try scene.expect(try forking.endOfCall(), 0, "fork(2)")
                return try walks.count()
            }
            let before = try searchesOfExits()
            guard before == 0 else {
                throw CheckError.broken("\(exits) exits without calls: \(before) walks over all processes")
            }
            // One caller, that has little else to visit: it is the more often at a sharer when that exits.
            let callers = try CallingPeers(scene, 1, onProcessor: 0, sharing: file)
            var searches = 0
            let calls = try callers.callMeanwhile { searches = try searchesOfExits() }
            guard calls >= 200 else { throw CheckError.broken("only \(calls) calls") }
            scene.note(
                "\(exits) exits during \(calls) calls: \(searches) searches for a new owner of the memory")
            try scene.expect(searches, 0, "searches of \(exits) exits for a new owner of their memory")
        },
    ]
}
