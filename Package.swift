// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT

import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
    name: "robust-futex",
    products: [
        .library(name: "RobustFutex", targets: ["RobustFutex"]),
        .executable(name: "robust-list-check", targets: ["robust-list-check"]),
        .executable(name: "harness", targets: ["harness"]),
        .executable(name: "guest-init", targets: ["guest-init"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        // Inside the guest: the syscall, the checks, and the commands that run them.
        .target(name: "CRobustFutex", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(
            name: "RobustFutex", dependencies: ["CRobustFutex", systemPackage],
            swiftSettings: strict),
        .target(
            name: "CTestProcesses", dependencies: ["CRobustFutex"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(
            name: "RobustFutexChecks",
            dependencies: ["CRobustFutex", "CTestProcesses", "RobustFutex", systemPackage],
            swiftSettings: strict),
        .target(
            name: "CRobustListBench", dependencies: ["CRobustFutex", "CTestProcesses"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-O2"])]),
        .target(
            name: "RobustListBench",
            dependencies: [
                "BenchReport", "CRobustFutex", "CRobustListBench", "CTestProcesses", "RobustFutex",
                "RobustFutexChecks",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "robust-list-check",
            dependencies: [
                "BenchReport", "CTestProcesses", "RaceReport", "RaceWindow", "RobustFutex",
                "RobustFutexChecks", "RobustListBench", argumentParser, systemPackage,
            ],
            swiftSettings: strict),

        // The race on unmodified C libraries: processes that are held inside their unlock.
        .target(
            name: "CRaceVictim", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-O2"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .target(
            name: "CRaceWindow", dependencies: ["CRaceVictim", "CRobustFutex", "CSeccomp", "CTestProcesses"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(
            name: "RaceWindow",
            dependencies: [
                "CRaceVictim", "CRaceWindow", "CRobustFutex", "CTestProcesses", "RaceReport", "RobustFutex",
                "RobustFutexChecks", systemPackage,
            ],
            swiftSettings: strict),

        // Between host and guest: what the two sides say to each other.
        .target(name: "RaceReport", swiftSettings: strict),
        .target(name: "GuestProtocol", swiftSettings: strict),
        .target(name: "BenchReport", swiftSettings: strict),
        .target(name: "CGuestInit"),
        .executableTarget(
            name: "guest-init", dependencies: ["CGuestInit", "GuestProtocol"], swiftSettings: strict),

        // On the host: kernels built, booted, and judged.
        .target(
            name: "GuestHarness",
            dependencies: ["BenchReport", "GuestProtocol", "RaceReport", subprocess, systemPackage],
            swiftSettings: strict),
        .executableTarget(
            name: "harness", dependencies: ["BenchReport", "GuestHarness", argumentParser],
            swiftSettings: strict),

        .target(
            name: "CPlayedCall", path: "Tests/CPlayedCall",
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .testTarget(
            name: "RobustFutexTests",
            dependencies: [
                "CPlayedCall", "CRobustFutex", "CTestProcesses", "RobustFutex", "RobustFutexChecks",
                subprocess, systemPackage,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RaceWindowTests",
            dependencies: [
                "CRaceVictim", "RaceReport", "RaceWindow", "RobustFutex", "RobustFutexChecks", subprocess,
                systemPackage,
            ],
            resources: [.copy("Golden")], swiftSettings: strict),
        .testTarget(
            name: "SyscallTests",
            dependencies: ["GuestProtocol", "RobustFutex", "RobustFutexChecks", subprocess, systemPackage],
            swiftSettings: strict),
        .testTarget(
            name: "HarnessTests",
            dependencies: [
                "BenchReport", "GuestHarness", "GuestProtocol", "RaceReport", subprocess, systemPackage,
            ],
            resources: [.copy("GoldenLogs")], swiftSettings: strict),
        .testTarget(
            name: "GuestTests", dependencies: ["GuestHarness", subprocess, systemPackage],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
