// SPDX-License-Identifier: MIT

/// The time that guests ran for figures: that of all together, however many ran at once.
public enum GuestTime {
    /// What is put behind the figures; nothing below a minute.
    public static func suffix(seconds: Double) -> String {
        let minutes = Int(seconds / 60)
        return minutes > 0 ? "; \(minutes) minutes of guests" : ""
    }
}
