import Foundation
import Testing

extension EndToEnd {
    @Suite struct WatchdogTests {
        /// A daemon that stands still feeds no watchdog and is called stuck; one that goes on feeds it again.
        @Test func aDaemonThatStandsStillFeedsNoWatchdog() async throws {
            let service = try TestService()
            let (daemon, socket) = try await service.startDaemon()
            #expect(await daemon.eventually { socket.receiveAll().contains("WATCHDOG=1") })
            daemon.send(SIGSTOP)
            // What was on its way when it stopped has come by then.
            try await Task.sleep(for: .milliseconds(100))
            _ = socket.receiveAll()
            try await Task.sleep(for: .milliseconds(1000))
            #expect(socket.receiveAll() == [])
            daemon.send(SIGCONT)
            #expect(await daemon.eventually { socket.receiveAll().contains("WATCHDOG=1") })
            await service.stop(daemon)
        }

        /// Work that takes many times the watchdog's interval, and a status that counts along.
        @Test func slowWorkIsNoStandstill() async throws {
            let service = try TestService(["samples": "99", "workers": "1", "threads": "1"])
            try service.drop(Pictures.gray(1800, 1400, seed: 1), "slow.png")
            let (daemon, socket) = try await service.startDaemon()
            var messages: [String] = []
            #expect(
                await daemon.eventually {
                    messages += socket.receiveAll()
                    return service.folder.exists("outbox/slow")
                }, "\(daemon.errors)")
            #expect(messages.filter { $0 == "WATCHDOG=1" }.count > 3, "\(messages)")
            #expect(
                await daemon.eventually {
                    messages += socket.receiveAll()
                    return messages.contains("STATUS=0 to do, 1 done, 0 failed")
                }, "\(messages)")
            #expect(messages.contains("STATUS=1 to do, 0 done, 0 failed"), "\(messages)")
            await service.stop(daemon)
        }
    }
}
