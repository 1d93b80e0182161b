// SPDX-License-Identifier: MIT

/// The virtio-serial ports between host and guest.
public enum GuestPort: String, CaseIterable, Sendable {
    /// Messages, both ways.
    case control
    /// The command's standard output and standard error, guest to host.
    case output, error
    /// Carries everything written to `GuestPath.events`, guest to host.
    case events

    /// The name that QEMU gives the port and that the guest finds in `/sys/class/virtio-ports/*/name`.
    public var name: String { "org.robust-futex.\(rawValue)" }
}

/// The 9p mount tags.
public enum ShareTag {
    public static let hostRoot = "hostroot"
    public static let sharedDirectory = "shared"
}

/// Paths in the guest that both sides rely on.
public enum GuestPath {
    /// A FIFO: Swift Testing writes its event stream here, init passes it on while the tests run.
    public static let events = "/run/events"
    /// The static command that the checks start as their peer process.
    public static let robustListCheck = "/usr/bin/robust-list-check"
    /// The program that holds unlocks in guests that run no Swift, in the image that carries the race.
    public static let race = "/usr/bin/race"
    /// An empty ext4 file system, in the image that carries the suite.
    public static let ext4Image = "/suite/ext4.img"
    /// The test bundle, in the image that carries the suite.
    public static let testBundle = "/suite/tests.xctest"
}
