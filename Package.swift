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
        .library(name: "robust-list-preload", type: .dynamic, targets: ["RobustListPreload"]),
        .executable(name: "robust-list-check", targets: ["robust-list-check"]),
        .executable(name: "harness", targets: ["harness"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        // The library: the system call, for programs that destroy locks.
        .target(name: "CRobustFutex", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(
            name: "RobustFutex", dependencies: ["CRobustFutex", systemPackage],
            swiftSettings: strict),

        // For programs that cannot be rebuilt: makes the system call when they destroy a mutex. Without the Swift
        // runtime, for they may be written in anything.
        .target(
            name: "CRobustListPreload", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-O2"])]),
        .target(
            name: "RobustListPreload", dependencies: ["CRobustFutex", "CRobustListPreload"],
            exclude: ["exports.map"],
            swiftSettings: strict + [.enableExperimentalFeature("Embedded"), .unsafeFlags(["-wmo"])],
            linkerSettings: [
                .unsafeFlags([
                    "-enable-experimental-feature", "Embedded", "-Xlinker", "--gc-sections", "-Xlinker",
                    "--version-script=\(Context.packageDirectory)/Sources/RobustListPreload/exports.map",
                ])
            ]),

        // What tests act with: processes that do as they are told, and what can be done to them.
        .target(
            name: "CTestProcesses", dependencies: ["CRobustFutex"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(
            name: "TestProcesses",
            dependencies: ["CRobustFutex", "CTestProcesses", "RobustFutex", systemPackage],
            swiftSettings: strict),

        // The checks: claims about the kernel.
        .target(
            name: "RobustFutexChecks",
            dependencies: [
                "CRobustFutex", "CTestProcesses", "RobustFutex", "TestProcesses", systemPackage,
            ],
            swiftSettings: strict),

        // Random worlds, held against a model of the contract.
        .target(
            name: "WorldExplorer",
            dependencies: ["CRobustFutex", "RobustFutex", "TestProcesses", systemPackage],
            swiftSettings: strict),

        // The race on unmodified C libraries: processes that are held inside their unlock.
        .target(
            name: "CRaceVictim", exclude: ["boost.cpp"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-O2"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .target(
            name: "CRaceWindow", dependencies: ["CRaceVictim", "CRobustFutex", "CSeccomp", "CTestProcesses"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
        .target(
            name: "RaceWindow",
            dependencies: [
                "CRaceVictim", "CRaceWindow", "CRobustFutex", "CTestProcesses", "RaceReport", "RobustFutex",
                "TestProcesses", systemPackage,
            ],
            swiftSettings: strict),

        // The bench: what the call costs.
        .target(
            name: "CRobustListBench", dependencies: ["CRobustFutex", "CTestProcesses"],
            cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror", "-O2"])]),
        .target(
            name: "RobustListBench",
            dependencies: [
                "BenchReport", "CRobustFutex", "CRobustListBench", "CTestProcesses", "RobustFutex",
                "TestProcesses",
            ],
            swiftSettings: strict),

        // The command that runs all of them, on any machine and inside guests.
        .executableTarget(
            name: "robust-list-check",
            dependencies: [
                "BenchReport", "CTestProcesses", "RaceReport", "RaceWindow", "RobustFutex",
                "RobustFutexChecks", "RobustListBench", "TestProcesses", "WorldExplorer", argumentParser,
                systemPackage,
            ],
            swiftSettings: strict),

        // Between host and guest: what the two sides say to each other.
        .target(name: "RaceReport", swiftSettings: strict),
        .target(name: "GuestProtocol", swiftSettings: strict),
        .target(name: "BenchReport", swiftSettings: strict),

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
                "TestProcesses", subprocess, systemPackage,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WorldExplorerTests", dependencies: ["WorldExplorer"], swiftSettings: strict),
        .testTarget(
            name: "PreloadTests", dependencies: [subprocess, systemPackage],
            resources: [.copy("Subjects")], swiftSettings: strict),
        .testTarget(
            name: "RaceWindowTests",
            dependencies: [
                "CRaceVictim", "RaceReport", "RaceWindow", "RobustFutex", "TestProcesses", subprocess,
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
            resources: [.copy("GoldenLogs"), .copy("Subjects")], swiftSettings: strict),
        .testTarget(
            name: "GuestTests", dependencies: ["GuestHarness", subprocess, systemPackage],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
