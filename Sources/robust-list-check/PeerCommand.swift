// SPDX-License-Identifier: MIT

import ArgumentParser
import TestProcesses

/// The process from which a test runner's peers are forked; see PeerServer.
struct PeerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer", abstract: "Serve a runner of checks, which starts this.", shouldDisplay: false)

    @Option(help: "Number of the descriptor that is connected to the runner.")
    var socket: Int32

    func run() {
        PeerServer(socket: socket).run()
    }
}
