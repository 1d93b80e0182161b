// SPDX-License-Identifier: MIT

import Foundation
import RaceReport

/// Words that the page uses for the values of the report.
enum PageWords {
    static func name(_ unlocker: Scenario.Unlocker) -> String {
        switch unlocker {
        case .glibc64: "glibc, 64-bit"
        case .glibc32: "glibc, 32-bit"
        case .musl: "musl, static"
        case .own: "glibc, static"
        case .robustUnlock: "FUTEX_ROBUST_UNLOCK + vDSO"
        case .keptWaiters: "FUTEX_WAITERS kept"
        }
    }

    static func name(_ destroyer: Scenario.Destroyer) -> String {
        switch destroyer {
        case .legacy: "legacy destroyer"
        case .cleanup: "calls cleanup_robust_list()"
        case .patchedLibrary: "patched C library"
        case .preload: "preload"
        case .preloadUnmap: "preload, unmapped only"
        }
    }

    static func style(_ verdict: Cell.Verdict) -> String {
        switch verdict {
        case .corrupted: "corrupted"
        case .intact: "intact"
        case .cannotRun: "cannot"
        case .broken: "broken"
        }
    }

    static func mark(_ verdict: Cell.Verdict) -> String {
        switch verdict {
        case .corrupted: "✗"
        case .intact: "✓"
        case .cannotRun: "–"
        case .broken: "!"
        }
    }

    static func wrong(_ isWrong: Bool) -> HTML {
        isWrong ? "<br><span class=\"wrong\">unexpected</span>" : ""
    }

    static func date(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }

    static func seconds(_ seconds: Double) -> String {
        String(format: "%.1f s", seconds)
    }
}
