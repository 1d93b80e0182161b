// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct FreshMachineTests {
    private let root: FilePath

    init() throws {
        root = try Repository.containing(FilePath(#filePath)).root
    }

    private static func stanza(_ release: String, _ uri: String, component: String = "main") -> String {
        """
        MetaKey: \(component)/binary-amd64/Packages
        Component: \(component)
        Release: \(release)
        Codename: \(release)
        Origin: Debian
        Label: Debian
        Repo-URI: \(uri)
        """
    }

    private static let archives = AptArchives(
        [
            stanza("bookworm", "http://mirror.example/contrib/", component: "contrib"),
            stanza("bookworm", "http://mirror.example/debian/"),
            stanza("bookworm-updates", "http://mirror.example/debian/"),
            stanza("bookworm-security", "http://mirror.example/security/") + "\nSigned-By: /keys/a.gpg",
            stanza("bookworm-backports", "http://mirror.example/debian/"),
        ].joined(separator: "\n\n") + "\n")

    @Test func anotherReleaseComesFromTheArchivesOfTheMachines() throws {
        #expect(
            try DebianRelease.named("13").sources(from: Self.archives, machineRunning: "bookworm") == [
                "deb http://mirror.example/debian/ trixie main",
                "deb http://mirror.example/debian/ trixie-updates main",
                "deb [signed-by=/keys/a.gpg] http://mirror.example/security/ trixie-security main",
            ])
    }

    @Test func machineOfAnotherDistributionIsToldSo() throws {
        let release = try DebianRelease.named("trixie")
        #expect(throws: HarnessError.self) {
            try release.sources(from: Self.archives, machineRunning: "noble")
        }
    }

    @Test func releaseIsFoundByNumberAndCodename() throws {
        #expect(try DebianRelease.named("12") == DebianRelease.named("bookworm"))
        let error = #expect(throws: HarnessError.self) { try DebianRelease.named("11") }
        #expect(try #require(error).description.contains("12 (bookworm), 13 (trixie)"))
    }

    /// Compares what a stranger is told to type, and on what machine, with what is tried.
    @Test func readmeBeginsWithWhatIsRun() throws {
        let readme = try text(of: root.appending("README.md"))
        let section = try #require(readme.split(separator: "\n## The two commands\n").last)
        let commands = section.split(separator: "\n").filter { $0.hasPrefix("    ") }.prefix(2).map {
            $0.split(separator: "#")[0].split(separator: " ").map(String.init)
        }
        #expect(commands == FreshCheck.commandsOfReadme)
        let machines = try #require(section.split(separator: "\n").first { $0.hasPrefix("On Debian ") })
        let releases = machines.prefix { $0 != "," }.split(separator: " ").compactMap { Int($0) }
        #expect(releases == DebianRelease.supported.map(\.number))
    }

    @Test func redirectionsOfGitAreFoundAndNothingElseOfIt() {
        let redirections = GitRedirections(
            """
            user.name\nSomebody\0url./srv/a.b/.insteadof\nhttps://git.example/\0\
            url./srv/a.b/.insteadof\ngit@git.example:\0url.file:///srv/c/.insteadof\nhttps://c.example/\0\
            url.https://mirror.example/.insteadof\nhttps://d.example/\0credential.helper\nstore\0
            """)
        #expect(redirections.settings.count == 4)
        #expect(redirections.settings[0].name == "url./srv/a.b/.insteadof")
        #expect(redirections.settings[0].value == "https://git.example/")
        #expect(redirections.directories == ["/srv/a.b/", "/srv/c/"])
    }

    @Test func toolchainIsTheDirectoryAboveItsResources() throws {
        #expect(try SwiftToolchain(resources: "/opt/x/usr/lib/swift").directory == "/opt/x/usr")
        #expect(throws: HarnessError.self) { try SwiftToolchain(resources: "/usr/lib/swift") }
    }

    @Test func everyCommandHasALogOfItsOwn() {
        let logs = (FreshCheck.commandsOfReadme + [["./qemu/run", "--", "true"]]).map(FreshCheck.stem)
        #expect(Set(logs).count == logs.count)
        #expect(logs.allSatisfy { !$0.contains("/") && !$0.isEmpty })
    }

    @Test func oneFailureIsNoSuccessAndNothingIsNone() {
        let good = FreshCheck.Finding(
            release: "Debian 13", command: ["./test"], commit: "1", status: 0, seconds: 61, log: "/l")
        var bad = good
        bad.status = 1
        #expect([good].areGood)
        #expect(![good, bad].areGood)
        #expect(![FreshCheck.Finding]().areGood)
        #expect([good, bad].lines[2] == "Debian 13  ./test   FAILED (status 1)  61 s  /l")
    }
}

/// `qemu/enter-root`, in a machine that consists of busybox.
@Suite(.enabled(if: geteuid() == 0, "entering a machine takes root"))
struct EnterRootTests {
    private let script: String

    init() throws {
        script = try Repository.containing(FilePath(#filePath)).root.appending("qemu/enter-root").string
    }

    private func withMachine(_ body: (FilePath) async throws -> Void) async throws {
        try await withTemporaryDirectory { root in
            for name in ["bin", "dev", "sys", "proc", "run", "root"] {
                try Files.makeDirectory(root.appending(name))
            }
            let busybox = try Tool.find("busybox")
            try FileManager.default.copyItem(
                atPath: busybox.string, toPath: root.appending("bin/busybox").string)
            for name in ["sh", "pwd", "cat", "ls", "sleep", "readlink"] {
                try FileManager.default.createSymbolicLink(
                    atPath: root.appending("bin").appending(name).string, withDestinationPath: "busybox")
            }
            try await body(root)
            // Mounts that had got out would be in the way of removing it.
            #expect(!(try text(of: "/proc/self/mounts")).contains(root.string))
        }
    }

    private func enter(
        _ root: FilePath, _ arguments: [String]
    ) async throws -> (lines: [String], status: Int32) {
        var lines: [String] = []
        let status = try await Tool(script, [root.string, "/root"] + arguments).status { lines.append($0) }
        guard case .exited(let code) = status else { throw HarnessError("enter-root ended with \(status)") }
        return (lines, code)
    }

    @Test func statusDirectoryAndArgumentsArriveAsTheyAre() async throws {
        try await withMachine { root in
            let (lines, status) = try await enter(
                root, ["--", "sh", "-c", #"pwd; echo "$1|$2"; exit 7"#, "sh", "a b", "'$x'"])
            #expect(lines == ["/root", "a b|'$x'"])
            #expect(status == 7)
        }
    }

    @Test func onlyNamedDirectoriesAreSeenAndOnlySharedOnesWritten() async throws {
        try await withMachine { root in
            try await withTemporaryDirectory { outside in
                try write("hello\n", to: outside.appending("seen/file"))
                try Files.makeDirectory(outside.appending("shared"))
                let seen = outside.appending("seen").string
                let (lines, _) = try await enter(
                    root,
                    [
                        "--read-only", seen, "--share", outside.appending("shared").string, "/root/cache",
                        "--", "sh", "-c",
                        "cat \(seen)/file; echo x 2>/dev/null >\(seen)/new || echo refused; echo y >cache/new; ls /",
                    ])
                #expect(lines.prefix(2) == ["hello", "refused"])
                #expect(!lines.contains("etc"))
                #expect(Files.list(outside.appending("seen")) == ["file"])
                #expect(try text(of: outside.appending("shared/new")) == "y\n")
            }
        }
    }

    /// As on a machine that was booted: unshare(1) has to find it there.
    @Test func rootIsAMountPoint() async throws {
        try await withMachine { root in
            let (lines, _) = try await enter(root, ["--", "sh", "-c", "cat /proc/self/mountinfo"])
            #expect(lines.contains { $0.split(separator: " ")[4] == "/" }, "\(lines)")
        }
    }

    /// The kernel names the namespace's processes from 1, and ends all of them with that one.
    @Test func noProcessIsLeft() async throws {
        try await withMachine { root in
            let (lines, status) = try await enter(
                root, ["--", "sh", "-c", "sleep 1000 & readlink /proc/self/ns/pid"])
            #expect(status == 0)
            let namespace = try #require(lines.first)
            let left = Files.list("/proc").filter { name in
                let link = "/proc/\(name)/ns/pid"
                return (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) == namespace
            }
            #expect(left == [])
        }
    }

    @Test func directoryThatIsNoMachineIsNamed() async throws {
        try await withTemporaryDirectory { root in
            let (lines, status) = try await enter(root, ["--", "true"])
            #expect(status == 253)
            #expect(lines == ["enter-root: \(root) is no machine: it has no /bin/sh"])
        }
    }
}
