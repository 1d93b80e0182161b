// SPDX-License-Identifier: MIT

import Dispatch
import Foundation
import Synchronization

/// Cancels a task when the user wants the program to end: what the task has started is then ended on
/// the way out, which the signals' own action would not do.
final class Interruption: Sendable {
    private let received = Atomic<Int32>(0)
    /// Kept alive; written by `init` only.
    private nonisolated(unsafe) var sources: [any DispatchSourceSignal] = []

    init(of task: Task<Void, any Error>) {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            Foundation.signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [self] in
                received.store(number, ordering: .sequentiallyConsistent)
                task.cancel()
            }
            source.resume()
            sources.append(source)
        }
    }

    /// The signal that came, if any.
    var signal: Int32? {
        let number = received.load(ordering: .sequentiallyConsistent)
        return number == 0 ? nil : number
    }
}
