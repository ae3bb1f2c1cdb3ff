import Digest
import Files
import Foundation
import Testing

extension EndToEnd {
    @Suite struct WatchTests {
        @Test func oneRunWorksOffWhatIsThere() async throws {
            let service = try TestService()
            try service.drop(Pictures.gray(seed: 1), "a.png")
            try service.drop(Pictures.gray(seed: 2), "album/b.png")
            try service.drop(Pictures.gray(seed: 1), "the same again.png")
            try service.drop(Pictures.gray(seed: 3), "unfinished.png.part")
            let outcome = try await service.runOnce()
            let results = try service.results()
            #expect(results.flatMap(\.problems) == [])
            #expect(results.count == 2, "the same picture is not done twice: \(outcome.errors)")
            #expect(outcome.errors.contains("the same picture as"))
            let before = results.map(\.inode)
            try await service.runOnce()
            #expect(try service.results().map(\.inode) == before)
            #expect(service.folder.tree("inbox").contains("a.png"), "originals are kept")
        }

        @Test func aDaemonsDay() async throws {
            let service = try TestService()
            let (daemon, socket) = try await service.startDaemon()

            // Renamed into the inbox: taken at once.
            try service.drop(Pictures.gray(seed: 1), "a.png")
            #expect(await daemon.eventually { service.folder.exists("outbox/a/a.json") }, "\(daemon.errors)")

            // Folders that come with files in them, moved in whole and made in place.
            try service.folder.write(Pictures.gray(seed: 2), "ready/deep/b.png")
            #expect(rename(service.folder.path + "/ready", service.folder.path + "/inbox/moved") == 0)
            try service.folder.write(Pictures.gray(seed: 3), "inbox/made/here/c.png")
            #expect(await daemon.eventually { service.folder.exists("outbox/moved/deep/b/b.json") }, "\(daemon.errors)")
            #expect(await daemon.eventually { service.folder.exists("outbox/made/here/c/c.json") }, "\(daemon.errors)")

            // Another picture under the same name is new work.
            let other = Pictures.gray(seed: 4)
            try service.drop(other, "a.png")
            let hash = ContentHash(of: other).hex
            #expect(
                await daemon.eventually {
                    (try? PublishedFolder(service.outbox + "/a"))?.sourceHash == hash
                })
            #expect(try service.results().flatMap(\.problems) == [])

            let status = try await service.status()
            #expect(status["running"] as? Bool == true)
            #expect(status["is_stuck"] as? Bool == false)
            #expect(await daemon.eventually { socket.receiveAll().contains("WATCHDOG=1") })
            let text = try await service.start("status").wait()
            #expect(text.output.contains("running, process \(daemon.process)"))

            // A second one on the same inbox is refused, whatever its state folder.
            let second = try await service.start("watch").wait()
            #expect(second.code == 2 && second.errors.contains("in use"), "\(second.errors)")
            let third = try await service.start("watch", "--state", service.folder.path + "/other").wait()
            #expect(third.code == 2 && third.errors.contains("in use"), "\(third.errors)")

            // What waits to be heard would leave no room.
            _ = socket.receiveAll()
            await service.stop(daemon)
            #expect(socket.receiveAll().contains("STOPPING=1"))
            #expect(try await service.status()["running"] as? Bool == false)
        }

        @Test func aReloadAppliesAGoodConfigurationAndKeepsTheOldOneFromABad() async throws {
            let service = try TestService()
            let (daemon, socket) = try await service.startDaemon()
            func reload(_ word: String) async {
                let before = daemon.errors.components(separatedBy: word).count
                daemon.send(SIGHUP)
                #expect(
                    await daemon.eventually { daemon.errors.components(separatedBy: word).count > before },
                    "\(daemon.errors)")
                #expect(await daemon.eventually { socket.receiveAll().contains("READY=1") })
            }
            try service.configure(["samples": "many"])
            await reload("configuration not reloaded, the old one stays")
            #expect(daemon.errors.contains("samples must be a whole number"))
            try service.drop(Pictures.gray(seed: 1), "a.png")
            #expect(await daemon.eventually { service.folder.exists("outbox/a") })
            #expect(service.folder.exists("outbox/a/02.jpg") && !service.folder.exists("outbox/a/03.jpg"))

            try service.configure(["samples": "3", "workers": "1"])
            await reload("configuration reloaded")
            #expect(daemon.errors.contains("workers has changed; that takes effect when the service is restarted"))
            try service.drop(Pictures.gray(seed: 2), "b.png")
            #expect(await daemon.eventually { service.folder.exists("outbox/b") })
            #expect(service.folder.exists("outbox/b/03.jpg"))
            await service.stop(daemon)
        }

        /// A configuration that does not answer, as on a network that is down, keeps the service from nothing else.
        @Test func aReloadThatHangsHoldsNothingUp() async throws {
            let service = try TestService()
            let (daemon, socket) = try await service.startDaemon()
            let path = service.folder.path + "/service.yaml"
            #expect(unlink(path) == 0 && mkfifo(path, 0o600) == 0)
            daemon.send(SIGHUP)
            #expect(await daemon.eventually { socket.receiveAll().contains { $0.hasPrefix("RELOADING=1") } })
            #expect(await daemon.eventually { socket.receiveAll().contains("WATCHDOG=1") })
            try service.drop(Pictures.gray(seed: 1), "a.png")
            #expect(await daemon.eventually { service.folder.exists("outbox/a/a.json") }, "\(daemon.errors)")
            await service.stop(daemon)
        }

        @Test func aManagerThatIsBusyAtTheStartHearsOfItLater() async throws {
            let service = try TestService()
            let socket = try NotifySocket(service.folder.path + "/notify")
            try socket.fill()
            let daemon = try service.start("watch", environment: ["NOTIFY_SOCKET": socket.path])
            #expect(await daemon.eventually { daemon.errors.contains("watching ") }, "\(daemon.errors)")
            var all = socket.receiveAll()
            #expect(all.first == "noise")
            #expect(
                await daemon.eventually {
                    all += socket.receiveAll()
                    return all.contains("READY=1")
                })
            await service.stop(daemon)
        }

        /// Priorities are for the journal: a file that standard error was redirected to gets dates.
        @Test(arguments: [true, false]) func priorities(goToTheJournalAlone toJournal: Bool) async throws {
            let service = try TestService()
            let arguments = ["watch", "--once", "--config", service.folder.path + "/service.yaml"]
            let elsewhere = toJournal ? [:] : ["JOURNAL_STREAM": "8:12345678"]
            let outcome = await (try Child(arguments, environment: elsewhere, toJournal: toJournal)).wait()
            #expect(outcome.code == 0)
            let lines = outcome.errors.split(separator: "\n")
            #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("<") == toJournal }, "\(outcome.errors)")
        }

        @Test func aStopLosesNothing() async throws {
            let service = try TestService(["samples": "4"])
            for index in 0..<6 { try service.drop(Pictures.gray(300, 200, seed: UInt64(index)), "\(index).png") }
            let (daemon, _) = try await service.startDaemon()
            #expect(await daemon.eventually { !service.folder.list("outbox").filter { !$0.hasPrefix(".") }.isEmpty })
            await service.stop(daemon)
            #expect(try service.results().flatMap(\.problems) == [])
            #expect(service.folder.list("outbox").allSatisfy { !$0.hasPrefix(".") }, "nothing half done is left")
            // Twice in short order: what is in hand is put back.
            let (hasty, _) = try await service.startDaemon()
            hasty.send(SIGTERM)
            hasty.send(SIGTERM)
            #expect(await hasty.wait().code == 0)
            try await service.runOnce()
            let results = try service.results()
            #expect(results.count == 6)
            #expect(results.flatMap(\.problems) == [])
        }

        @Test(arguments: [1, 8]) func aSingleRunThatIsStoppedSaysWhetherAllIsDone(count: Int) async throws {
            let service = try TestService(["samples": "4", "workers": "1"])
            for index in 0..<count { try service.drop(Pictures.gray(300, 200, seed: UInt64(index)), "\(index).png") }
            let child = try service.start("watch", "--once")
            #expect(await child.eventually { !service.folder.list("outbox").filter { !$0.hasPrefix(".") }.isEmpty })
            child.send(SIGTERM)
            let outcome = await child.wait()
            let done = try service.results().count
            #expect(outcome.code == (done == count ? 0 : 1), "\(done) done: \(outcome.errors)")
            try await service.runOnce()
            #expect(try service.results().count == count)
        }

        /// A copy that was given up half way is no work that waits.
        @Test func anIncompleteFileThatIsDeletedIsForgotten() async throws {
            let service = try TestService(["quiet_seconds": "0", "log_level": "debug"])
            let (daemon, socket) = try await service.startDaemon()
            try service.drop(Array(Pictures.gray(seed: 1).dropLast(200)), "half.png")
            #expect(await daemon.eventually { daemon.errors.contains("half.png: not whole yet") })
            #expect(await daemon.eventually { socket.receiveAll().contains("STATUS=1 to do, 0 done, 0 failed") })
            try FileManager.default.removeItem(atPath: service.folder.path + "/inbox/half.png")
            #expect(await daemon.eventually { socket.receiveAll().contains("STATUS=0 to do, 0 done, 0 failed") })
            await service.stop(daemon)
        }

        /// Thirty photographs at once, while three others grow: all published whole, none early.
        @Test func aBurstBesideFilesThatGrow() async throws {
            let service = try TestService(["quiet_seconds": "0.6"])
            let (daemon, _) = try await service.startDaemon()
            let slow = (0..<3).map { Pictures.gray(160, 120, seed: UInt64(1000 + $0)) }
            let inbox = service.folder.path + "/inbox"
            let writers = slow.indices.map { index in
                Task.detached {
                    let path = inbox + "/slow\(index).png"
                    let pieces = 12
                    for piece in 0..<pieces {
                        // Closed after every piece: a close alone says nothing of being whole.
                        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
                        let (from, to) = (slow[index].count * piece / pieces, slow[index].count * (piece + 1) / pieces)
                        let bytes = Array(slow[index][from..<to])
                        #expect(write(file, bytes, bytes.count) == bytes.count)
                        close(file)
                        try await Task.sleep(for: .milliseconds(150 + 40 * index))
                    }
                }
            }
            for index in 0..<30 { try service.drop(Pictures.gray(seed: UInt64(index)), "burst/\(index).png") }

            var early: [String] = []
            let isDone = await daemon.eventually {
                guard let results = try? service.results() else { return false }
                early += results.flatMap(\.problems)
                return results.count >= 33
            }
            for writer in writers { try await writer.value }
            #expect(isDone, "\(daemon.errors)")
            #expect(early == [])
            let results = try service.results()
            #expect(results.count == 33)
            for (index, bytes) in slow.enumerated() {
                let result = try PublishedFolder(service.outbox + "/slow\(index)")
                #expect(result.sourceHash == ContentHash(of: bytes).hex)
            }
            // A result has its place a moment before the ledger knows.
            var counts: [String: Int] = [:]
            for _ in 0..<200 where counts["published"] != 33 {
                counts = try await service.status()["counts"] as? [String: Int] ?? [:]
            }
            #expect(counts["published"] == 33 && counts["failed"] == 0, "\(daemon.errors)")
            await service.stop(daemon)
        }

        @Test func originalsAreArchivedOrDeletedAfterwards() async throws {
            let photograph = Pictures.gray(seed: 5)
            let archiving = try TestService(["originals": "archive"])
            try archiving.drop(photograph, "album/a.png")
            try archiving.drop([1, 2, 3], "album/bad.png")
            try await archiving.runOnce(expecting: 1)
            #expect(archiving.folder.read("state/archive/album/a.png") == Data(photograph))
            #expect(!archiving.folder.exists("inbox/album/a.png"))
            #expect(try archiving.results().count == 1)

            // A result is made again from where its original is now.
            let again = try await archiving.start("reprocess", archiving.outbox, "--samples", "3").wait()
            #expect(again.code == 0, "\(again.errors)")
            #expect(archiving.folder.exists("outbox/album/a/03.jpg"))

            let deleting = try TestService(["originals": "delete"])
            try deleting.drop(photograph, "a.png")
            try await deleting.runOnce()
            #expect(!deleting.folder.exists("inbox/a.png"))
            #expect(try deleting.results().map(\.sourceHash) == [ContentHash(of: photograph).hex])
        }

        @Test func aLostLedgerIsMadeAgainFromTheOutbox() async throws {
            let service = try TestService()
            for index in 0..<3 { try service.drop(Pictures.gray(seed: UInt64(index)), "\(index).png") }
            try await service.runOnce()
            let before = try service.results().map(\.inode)
            try FileManager.default.removeItem(atPath: service.folder.path + "/state")
            try await service.runOnce()
            #expect(try service.results().map(\.inode) == before)
            let counts = try #require(try await service.status()["counts"] as? [String: Int])
            #expect(counts["published"] == 3)
        }

        @Test func aFullDiskIsNotThePhotographsFault() async throws {
            let service = try TestService(["free_megabytes": "1e8"])
            try service.drop(Pictures.gray(), "a.png")
            let outcome = try await service.runOnce(expecting: 1)
            #expect(outcome.errors.contains("ended early"))
            #expect(service.folder.exists("inbox/a.png"))
            #expect(service.folder.list("state/failed").isEmpty)
            try service.configure(["free_megabytes": "1"])
            try await service.runOnce()
            #expect(try service.results().count == 1)
        }

        /// A sidecar that cannot be read is an error that may pass, and its photograph's next try comes after the run.
        @Test func aSingleRunNamesWhatWaitsForALaterTry() async throws {
            let service = try TestService(["backoff_seconds": "3000"])
            try service.drop(Pictures.gray(seed: 1), "good.png")
            try service.drop(Array("samples: many".utf8), "waiting.png.autochrome.yaml")
            try service.drop(Pictures.gray(seed: 2), "waiting.png")
            try await service.runOnce(expecting: 1)
            // The next run does not even try it, and says so.
            let outcome = try await service.runOnce(expecting: 1)
            #expect(outcome.errors.contains("waiting.png: it waits for a later try: "), "\(outcome.errors)")
            #expect(outcome.errors.contains("samples must be a whole number"), "\(outcome.errors)")
            #expect(!outcome.errors.contains("good.png"), "\(outcome.errors)")
            // Put right, it is done.
            try service.drop(Array("samples: 1".utf8), "waiting.png.autochrome.yaml")
            try await service.runOnce()
            #expect(try service.results().count == 2)
        }

        @Test func metricsAreWritten() async throws {
            let service = try TestService()
            try service.configure(["metrics": service.folder.path + "/autochrome.prom"])
            try service.drop(Pictures.gray(), "a.png")
            try await service.runOnce()
            let text = String(decoding: try #require(service.folder.read("autochrome.prom")), as: UTF8.self)
            #expect(text.contains("autochrome_jobs{state=\"published\"} 1\n"))
        }
    }
}
