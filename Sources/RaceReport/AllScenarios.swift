// SPDX-License-Identifier: MIT

extension Scenario {
    /// The scenarios of an unlocker that are run unless others are asked for, each without the call and with it.
    public static func standard(of unlocker: Unlocker) -> [Scenario] {
        scenes(of: unlocker).flatMap { scene in [.legacy, .cleanup].map { scene.scenario(unlocker, $0) } }
    }

    /// Every scenario there is for the unlocker: also those whose C library makes the call, and all kinds of locks.
    public static func all(of unlocker: Unlocker) -> [Scenario] {
        var callers: [Destroyer] = []
        if unlocker == .glibc64 { callers = [.patchedLibrary, .preload] }
        if unlocker == .musl { callers = [.patchedLibrary] }
        let kinds = otherKinds(of: unlocker).map { Scene(technique: .singleStep, variant: $0) }
        // Nobody can make the call after Boost has destroyed the mutex and before it hands the memory back: that takes a
        // C library, or a preload.
        let boost = Scene(technique: .singleStep, variant: .plain, memory: .boost)
        let unmapped = Scene(technique: .singleStep, variant: .plain, memory: .remapped)
        return standard(of: unlocker)
            + kinds.flatMap { scene in
                ([.legacy, .cleanup] + callers).map { scene.scenario(unlocker, $0) }
            } + (unlocker == .glibc64 ? ([.legacy] + callers).map { boost.scenario(unlocker, $0) } : [])
            + scenes(of: unlocker).flatMap { scene in callers.map { scene.scenario(unlocker, $0) } }
            + (unlocker == .glibc64 ? [unmapped.scenario(unlocker, .preloadUnmap)] : [])
    }

    /// The scenarios of every unlocker that are run unless others are asked for.
    public static let standard: [Scenario] = Unlocker.allCases.flatMap(standard(of:))

    /// Every scenario there is.
    public static let all: [Scenario] = Unlocker.allCases.flatMap(all(of:))

    /// Those that a kernel for another architecture than the host's can be held against: what `qemu/guest/race` does, with
    /// the C libraries of that architecture.
    public static let anyArchitecture: [Scenario] = [.glibc64, .musl].flatMap { unlocker in
        [
            Scene(technique: .singleStep, variant: .plain),
            Scene(technique: .singleStep, variant: .contended),
            Scene(technique: .syscallStop, variant: .contended),
        ].flatMap { scene in [Destroyer.legacy, .cleanup].map { scene.scenario(unlocker, $0) } }
    }

    /// Kinds of locks that differ from a plain one in the C library's code only.
    private static func otherKinds(of unlocker: Unlocker) -> [Variant] {
        switch unlocker {
        case .glibc64, .glibc32, .own: [.recursive, .errorChecking]
        case .musl: [.recursive, .errorChecking, .recursiveNotRobust, .errorCheckingNotRobust]
        case .robustUnlock, .keptWaiters: []
        }
    }

    private struct Scene {
        var technique: Technique
        var variant: Variant
        var memory = Memory.shared
        var killer = Killer.sigkill

        func scenario(_ unlocker: Unlocker, _ destroyer: Destroyer) -> Scenario {
            Scenario(technique, unlocker, variant, memory, killer, destroyer)
        }
    }

    private static func scenes(of unlocker: Unlocker) -> [Scene] {
        // Its unlock differs from that of the C libraries only when somebody waits.
        if unlocker == .keptWaiters {
            return Technique.allCases.map { Scene(technique: $0, variant: .contended) }
        }
        let variants: [Variant] = [
            .plain, .contended, .priorityInheritance, .priorityInheritanceContended,
        ]
        return variants.map { Scene(technique: .singleStep, variant: $0) } + [
            Scene(technique: .singleStep, variant: .plain, memory: .file),
            Scene(technique: .singleStep, variant: .plain, memory: .remapped),
            Scene(technique: .singleStep, variant: .plain, killer: .fault),
            Scene(technique: .singleStep, variant: .plain, killer: .exec),
            Scene(technique: .singleStep, variant: .plain, killer: .oom),
            Scene(technique: .seccomp, variant: .contended),
            Scene(technique: .syscallStop, variant: .contended),
            Scene(technique: .syscallStop, variant: .priorityInheritanceContended),
        ]
    }
}
