// SPDX-License-Identifier: MIT

extension Scenario {
    /// Every scenario there is for the unlocker, each with both destroyers. The only list of them.
    public static func all(of unlocker: Unlocker) -> [Scenario] {
        var scenes: [(Technique, Variant, Memory, Killer)] = []
        // Its unlock differs from that of the C libraries only when somebody waits.
        if unlocker == .keptWaiters {
            scenes = Technique.allCases.map { ($0, .contended, .shared, .sigkill) }
            return bothDestroyers(scenes, unlocker)
        }
        for variant in Variant.allCases { scenes.append((.singleStep, variant, .shared, .sigkill)) }
        scenes += [
            (.singleStep, .plain, .file, .sigkill),
            (.singleStep, .plain, .remapped, .sigkill),
            (.singleStep, .plain, .shared, .fault),
            (.singleStep, .plain, .shared, .exec),
            (.singleStep, .plain, .shared, .oom),
            (.seccomp, .contended, .shared, .sigkill),
            (.syscallStop, .contended, .shared, .sigkill),
            (.syscallStop, .priorityInheritanceContended, .shared, .sigkill),
        ]
        return bothDestroyers(scenes, unlocker)
    }

    private static func bothDestroyers(
        _ scenes: [(Technique, Variant, Memory, Killer)], _ unlocker: Unlocker
    ) -> [Scenario] {
        scenes.flatMap { technique, variant, memory, killer in
            Destroyer.allCases.map { Scenario(technique, unlocker, variant, memory, killer, $0) }
        }
    }

    /// Every scenario there is.
    public static let all: [Scenario] = Unlocker.allCases.flatMap(all(of:))
}
