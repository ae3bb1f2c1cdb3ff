import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// `train colorization` with the supplement's network in a few channels and three photographs.
    @Suite struct ColorizationTrainingTests {
        private static let photographs = Repository.root + "/Tests/Fixtures"
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        /// The last of an option's values counts.
        private func start(_ name: String, _ more: [String], data: String) throws -> Child {
            try Child(
                [
                    "train", "colorization", data, "--output", folder.path + "/" + name, "--preset", "paper", "--width",
                    "0.015625", "--batch", "2", "--validation", "0",
                ] + more)
        }

        private func train(_ name: String, _ more: String..., data: String = photographs) async throws
            -> Child.Outcome
        {
            try await start(name, more, data: data).wait()
        }

        @Test func stoppedTrainingGoesOnToTheSameBits() async throws {
            let straight = try await train("a", "--steps", "6")
            #expect(straight.code == 0, "\(straight.errors)")
            for text in ["3 photographs", "NLL", "bits/dim", "images/s", "left", "saved at step 6"] {
                #expect(straight.errors.contains(text), "\(text): \(straight.errors)")
            }
            let child = try start(
                "b", ["--steps", "6", "--threads", "1", "--save-every", "0.0001"], data: Self.photographs)
            #expect(await child.eventually { self.folder.exists("b") })
            child.send(SIGINT)
            let stopped = await child.wait()
            #expect(stopped.code == 0, "\(stopped.errors)")
            let again = try await train("b", "--steps", "6")
            #expect(again.code == 2 && again.errors.contains("--resume"), "\(again.errors)")
            let resumed = try await train("b", "--steps", "6", "--save-every", "0.0001", "--resume")
            #expect(resumed.code == 0, "\(resumed.errors)")
            #expect(folder.read("a") == folder.read("b"))
        }

        @Test func aFullDiskLeavesTheLastCheckpoint() async throws {
            #expect(try await train("m", "--steps", "1").code == 0)
            let before = [folder.read("m"), folder.read("m.training")]
            // Every write to this device fails as on a full disk.
            let full = folder.path + "/m.training.part"
            try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: "/dev/full")
            let failed = try await train("m", "--steps", "2", "--resume")
            #expect(failed.code == 1 && failed.errors.contains("No space left"), "\(failed.errors)")
            #expect([folder.read("m"), folder.read("m.training")] == before)
            let other = try await train("m", "--steps", "2", "--resume", "--width", "0.03125")
            #expect(other.code == 2 && other.errors.contains("features 4, not 8"), "\(other.errors)")
            let resumed = try await train("m", "--steps", "2", "--resume")
            #expect(resumed.code == 0 && resumed.errors.contains("saved at step 2"), "\(resumed.errors)")
        }

        @Test func dataThatCannotBeUsedIsNamed() async throws {
            let missing = try await train("m", data: folder.path + "/none")
            #expect(missing.code == 2 && missing.errors.contains("/none: no such file"), "\(missing.errors)")
            let data = try folder.makeFolder("data")
            let empty = try await train("m", data: data)
            #expect(empty.code == 2 && empty.errors.contains("\(data) holds no photograph"), "\(empty.errors)")
            let other = try folder.makeFolder("other")
            let both = try await train("m", other, data: data)
            #expect(
                both.code == 2 && both.errors.contains("\(data) holds no") && both.errors.contains("\(other) holds no"))
            try folder.write(Pictures.gray(), "data/gray.png")
            try folder.write(Array("no picture".utf8), "data/broken.jpg")
            let gray = try await train("m", data: data)
            #expect(gray.code == 2 && gray.errors.contains("none in colour, 1 unreadable"), "\(gray.errors)")
            try FileManager.default.copyItem(
                atPath: Self.photographs + "/coffee.jpg", toPath: data + "/coffee.jpg")
            let mixed = try await train("m", "--steps", "1", data: data)
            #expect(mixed.code == 0 && mixed.errors.contains("1 gray, 1 unreadable"), "\(mixed.errors)")
            #expect(mixed.errors.contains("broken.jpg"), "\(mixed.errors)")
            // What a NAS keeps for itself is no photograph of the archive.
            try FileManager.default.createDirectory(atPath: data + "/@eaDir", withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: data + "/coffee.jpg", toPath: data + "/@eaDir/small.jpg")
            let again = try await train("n", "--steps", "1", data: data)
            #expect(again.errors.contains("1 photographs; left out: 1 gray, 1 unreadable"), "\(again.errors)")
        }

        @Test func settingsThatCannotWorkAreRefusedBeforeAnythingIsRead() async throws {
            let preset = try await train("m", "--init", Repository.model)
            #expect(preset.code == 2 && preset.errors.contains("preset compact, not paper"), "\(preset.errors)")
            let fixed = try await train("m", "--ablation", "fixed")
            #expect(fixed.code == 2 && fixed.errors.contains("--init"), "\(fixed.errors)")
            let nowhere = try await train("none/m")
            #expect(nowhere.code == 2 && nowhere.errors.contains("none: No such file"), "\(nowhere.errors)")
            let batch = try await train("m", "--batch", "1")
            #expect(batch.code == 2 && batch.errors.contains("batch"), "\(batch.errors)")
        }

        @Test func aTrainingThatDivergesSaysSo() async throws {
            #expect(try await train("m", "--steps", "1").code == 0)
            let before = folder.read("m.training")
            let outcome = try await train("m", "--steps", "80", "--rate", "0.9", "--resume")
            #expect(outcome.code == 2 && outcome.errors.contains("another batch, rate"), "\(outcome.errors)")
            #expect(folder.read("m.training") == before)
            let diverged = try await train("d", "--steps", "80", "--rate", "0.99")
            #expect(diverged.code == 1 && diverged.errors.contains("diverged"), "\(diverged.errors)")
        }
    }
}
