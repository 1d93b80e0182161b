// SPDX-License-Identifier: MIT

import CGuestInit
import Glibc
import GuestProtocol

/// PID 1 of the guest: prepares the file systems, runs one command for the host, restarts, at which QEMU ends.
@main
struct GuestInit {
    static func main() {
        do throws(InitError) {
            try prepareImage()
            let control = try ControlPort()
            do throws(InitError) {
                try serve(control)
            } catch {
                report(error)
                control.send(.failed(error.description))
                try? control.waitForFarewell()
            }
        } catch {
            report(error)
        }
        sync()
        // QEMU ends instead of rebooting (-no-reboot); powering off would take ACPI.
        reboot(Int32(RB_AUTOBOOT))
        fatalError("the end of the machine failed: \(errnoText())")
    }

    private static func serve(_ control: ControlPort) throws(InitError) {
        control.send(.ready(release: kernelRelease()))
        let request = try control.receiveRequest()
        try enterRoot(of: request)
        var command = try Command(request)
        control.send(.started)
        guard let (ending, sent) = try command.runToEnd(control) else { return }
        control.send(.ended(ending, sent: sent))
        try control.waitForFarewell()
    }

    private static func kernelRelease() -> String {
        var names = utsname()
        uname(&names)
        return withUnsafeBytes(of: &names.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// The console is where the host looks when the ports never spoke.
    private static func report(_ error: InitError) {
        print("guest-init: \(error.description)")
    }
}
