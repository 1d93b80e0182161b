// SPDX-License-Identifier: MIT

import RobustFutex
import TestProcesses

/// A program with which the kernel and the model disagree, or which could not be carried out.
public struct Failure: Codable, Error {
    public var program: WorldProgram
    public var reason: String
    /// Tells whether the kernel did what it may not, rather than that the world broke or took too long.
    public var isDisagreement: Bool
}

/// Carries programs out until one fails.
///
/// From one thread, with nothing else going on in the process: peers are forked from it.
public struct Explorer {
    private let means: WorldMeans

    public init(_ means: WorldMeans) {
        self.means = means
    }

    /// Carries one program out.
    public func failure(of program: WorldProgram) -> Failure? {
        do {
            try WorldRun.run(program, with: means)
            return nil
        } catch let error as Disagreement {
            return Failure(
                program: program, reason: "step \(error.step): \(error.description)", isDisagreement: true)
        } catch {
            return Failure(program: program, reason: "\(error)", isDisagreement: false)
        }
    }

    /// The shortest program that was found to fail as `failure` does, by leaving steps out.
    ///
    /// A kernel that depends on a race may spare a program once: then a step stays that could go.
    public func shrunk(_ failure: Failure, onTrial: (Int) -> Void = { _ in }) -> Failure {
        guard failure.isDisagreement else { return failure }
        var best = failure
        var trials = 0
        var chunk = best.program.steps.count / 2
        while chunk > 0 {
            var start = 0
            var hasShrunk = false
            while start < best.program.steps.count {
                var steps = best.program.steps
                steps.removeSubrange(start..<min(start + chunk, steps.count))
                trials += 1
                onTrial(trials)
                if let shorter = self.failure(
                    of: WorldProgram(seed: nil, stores: best.program.stores, steps: steps)),
                    shorter.isDisagreement
                {
                    best = shorter
                    hasShrunk = true
                } else {
                    start += chunk
                }
            }
            if !hasShrunk { chunk /= 2 }
        }
        return best
    }
}
