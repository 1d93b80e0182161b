// SPDX-License-Identifier: MIT

import RobustFutex

/// One claim about the kernel, and the code that checks it.
public struct Check: Sendable {
    /// A part of the contract.
    public enum Group: String, CaseIterable, Sendable {
        case siblings = "Siblings"
        case backingStores = "BackingStores"
        case heads = "Heads"
        case staleHeads = "StaleHeads"
        case threads = "Threads"
        case inFlightExits = "InFlightExits"
        case interruptions = "Interruptions"
        case hostileSharers = "HostileSharers"
        case leaks = "Leaks"
        case abi = "ABI"
        case errors = "Errors"
        case wakeDuty = "WakeDuty"
        case race = "Race"
        case probe = "Probe"
        case specimens = "Specimens"
    }

    /// The kernels that the claim applies to.
    public enum Requirement: String, Sendable {
        case syscall
        /// The system call with `FUTEX2_PRIVATE` is enough.
        case privateSyscall
        case anyKernel
        case withoutSyscall

        /// The reason why this check does not apply here, or nil when it does.
        public func reasonToSkip(_ detection: SyscallDetection = .ofThisKernel) -> String? {
            switch self {
            case .anyKernel: nil
            case .syscall, .privateSyscall:
                detection.isPresent || UnfinishedSeries.hasCall
                    ? nil : "needs cleanup_robust_list(2): \(detection)" + Self.advice(detection)
            case .withoutSyscall:
                if detection.isPresent {
                    "is about kernels without cleanup_robust_list(2); this one has it"
                } else {
                    // A call that does not refuse may do anything to who makes it.
                    detection.isRefused
                        ? nil : "needs a call that is refused: \(detection)" + Self.advice(detection)
                }
            }
        }

        /// Advice, where there is any.
        private static func advice(_ detection: SyscallDetection) -> String {
            switch detection.verdict {
            case .available, .misbehaves, .undetermined: ""
            case .absent, .numberTakenBySomethingElse: "; boot a patched one, as ./qemu/run does"
            case .blocked, .fatal:
                "; run it where no seccomp filter forbids the call, on a kernel that has it"
            }
        }
    }

    /// The outcome that is claimed, as a Swift function would be named.
    public let name: String
    public let group: Group
    public let requirement: Requirement
    /// Features that testing the claim needs besides.
    public let features: [Feature]
    /// The claim as one sentence.
    public let claim: String
    let body: @Sendable (Scene) throws -> Void

    init(
        _ name: String, _ group: Group, _ requirement: Requirement = .syscall, needs features: [Feature] = [],
        claim: String, body: @escaping @Sendable (Scene) throws -> Void
    ) {
        self.name = name
        self.group = group
        self.requirement = requirement
        // Last: of what is missing the one that comes with a later patch is the reason to skip.
        self.features = features + (requirement == .syscall ? [.sharedMemory] : [])
        self.claim = claim
        self.body = body
    }

    /// Group and name, by which filters choose.
    public var path: String { "\(group.rawValue)/\(name)" }

    /// Every check there is, suite by suite.
    public static let all: [Check] = [
        siblings, leftAlone, ranges,
        backingStores, disks, memfds, anonymousInodes,
        heads, headFaults, oddMappings,
        staleHeads, replacedHeads,
        threads, births, tasksAtRest, namespaces, churn,
        inFlightExits, judgedExits, intervalTimers,
        busyMmapLocks, dyingSharers, stoppedCallers, interruptedWakes, killedCallers,
        outOfMemory, sharersOutOfMemory, interruptedFaults,
        hostileSharers, searches, leaks,
        abi, compat,
        arguments, holes, writeProtection, ends,
        wakeDuty, wordStates,
        race, anyKernel, probe, withoutSyscall,
    ].flatMap { $0 }

    /// The reason why the check cannot be carried out on this machine, or nil when it can.
    public func reasonToSkip() -> String? {
        requirement.reasonToSkip() ?? features.lazy.compactMap { $0.reasonMissing() }.first
    }

    /// The check of that name, or nil.
    public static func named(_ name: String) -> Check? {
        all.first { $0.name == name }
    }

    /// Carries the check out. No process is left afterwards, whatever happens.
    ///
    /// - Throws: ``CheckError`` above all; other errors mean a broken check.
    public func run() throws {
        let scene = Scene()
        do {
            try body(scene)
        } catch {
            // The first failure is the one to report; what it left half done may well not end cleanly.
            try? scene.close()
            throw error
        }
        try scene.close()
    }
}
