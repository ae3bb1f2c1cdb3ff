import Foundation
import Imaging
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct DigitTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        /// Digits in the form of the MNIST database: strokes whose place tells the digit.
        private func makeDigits(training: Int = 60, test: Int = 20, labels: Int? = nil) throws {
            for (part, count) in [("train", training), ("t10k", test)] {
                func head(_ shape: [Int]) -> [UInt8] {
                    [0, 0, 8, UInt8(shape.count)] + shape.flatMap { n in [24, 16, 8, 0].map { UInt8(n >> $0 & 255) } }
                }
                var generator = SeededGenerator(7)
                let images = (0..<count).flatMap { index in
                    (0..<784).map { pixel -> UInt8 in
                        pixel % 28 / 3 == index % 10 ? UInt8.random(in: 180...255, using: &generator) : 0
                    }
                }
                try folder.write(head([count, 28, 28]) + images, "data/\(part)-images-idx3-ubyte")
                let named = (0..<(labels ?? count)).map { UInt8($0 % 10) }
                try folder.write(head([named.count]) + named, "data/\(part)-labels-idx1-ubyte")
            }
        }

        private func train(_ name: String, _ more: [String]) async throws -> Child.Outcome {
            try await Child(
                [
                    "train", "mnist", "--data", folder.path + "/data", "--output", folder.path + "/" + name, "--blocks",
                    "2", "--hidden", "16", "--batch", "20",
                ] + more
            ).wait()
        }

        @Test func trainingGoesOnToTheSameBitsAndItsModelWritesDigits() async throws {
            try makeDigits()
            let straight = try await train("a.safetensors", ["--steps", "400", "--rate", "0.02"])
            #expect(straight.code == 0, "\(straight.errors)")
            // The likelihood of digits it has not seen grows: at first 0.5 nats per dimension or more.
            let line = try #require(straight.errors.split(separator: "\n").last)
            let loss = try #require(line.split(separator: " ").compactMap { Double($0) }.first, "\(line)")
            #expect(loss < -0.3, "\(line)")

            // The other is stopped on its way, on another number of threads.
            let arguments = ["--steps", "400", "--rate", "0.02", "--save-every", "0.001"]
            let child = try Child(
                [
                    "train", "mnist", "--data", folder.path + "/data", "--output", folder.path + "/b.safetensors",
                    "--blocks", "2", "--hidden", "16", "--batch", "20", "--threads", "1",
                ] + arguments)
            #expect(await child.eventually { self.folder.exists("b.safetensors.training") })
            child.send(SIGINT)
            let stopped = await child.wait()
            #expect(stopped.code == 0, "\(stopped.errors)")
            if stopped.errors.contains("stopped at step") {
                let again = try await train("b.safetensors", arguments)
                #expect(again.code == 2 && again.errors.contains("--resume"), "\(again.errors)")
                let other = try await train("b.safetensors", ["--steps", "300", "--resume"])
                #expect(other.code == 2 && other.errors.contains("steps 400 where 300"), "\(other.errors)")
                let resumed = try await train("b.safetensors", arguments + ["--resume"])
                #expect(resumed.code == 0, "\(resumed.errors)")
            }
            #expect(try tensors("a.safetensors") == tensors("b.safetensors"))
            #expect(try tensors("a.safetensors.training") == tensors("b.safetensors.training"))

            let model = folder.path + "/a.safetensors"
            let sheet = folder.path + "/sheet.png"
            for seed in ["1", "1", "2"] {
                let outcome = try await Child.run(
                    "generate", "mnist", "--digit", "7", "--count", "9", "--seed", seed, "--model", model, "--output",
                    sheet)
                #expect(outcome.code == 0, "\(outcome.errors)")
                let bytes = try #require(folder.read("sheet.png"))
                if let before = folder.read("before.png") { #expect((bytes == before) == (seed == "1")) }
                try folder.write(bytes, "before.png")
            }
            try Vips.start()
            let digits = try Photograph.open(path: sheet)
            #expect(digits.width == 3 * 64 + 8 && digits.height == 3 * 64 + 8)
        }

        /// A safetensors file without its header, where the training record tells how long it took.
        private func tensors(_ name: String) throws -> Data {
            let data = try #require(folder.read(name))
            let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            return data.dropFirst(8 + length)
        }

        @Test func badDataIsNamed() async throws {
            let missing = try await train("m.safetensors", [])
            #expect(missing.code == 2 && missing.errors.contains("train-images-idx3-ubyte"), "\(missing.errors)")
            try makeDigits(labels: 10)
            let labels = try await train("m.safetensors", [])
            #expect(labels.code == 2 && labels.errors.contains("10 labels for 60 images"), "\(labels.errors)")
            try makeDigits(training: 15)
            let few = try await train("m.safetensors", [])
            #expect(few.code == 2 && few.errors.contains("too few"), "\(few.errors)")
            try makeDigits()
            let whole = try #require(folder.read("data/train-images-idx3-ubyte"))
            try folder.write(whole.dropLast(), "data/train-images-idx3-ubyte")
            let cut = try await train("m.safetensors", [])
            #expect(cut.code == 2 && cut.errors.contains("truncated"), "\(cut.errors)")
            try folder.write(Array("no digits here at all".utf8), "data/train-images-idx3-ubyte")
            let text = try await train("m.safetensors", [])
            #expect(text.code == 2 && text.errors.contains("not an IDX file"), "\(text.errors)")
            // The beginning of a gzip file and then nothing of the kind.
            try folder.write([0x1F, 0x8B, 8, 0] + [UInt8](repeating: 7, count: 60), "data/train-images-idx3-ubyte")
            let damaged = try await train("m.safetensors", [])
            #expect(damaged.code == 2 && damaged.errors.contains("train-images"), "\(damaged.errors)")
            #expect(!folder.exists("m.safetensors"))
            let nothing = try await train("m.safetensors", ["--resume"])
            #expect(nothing.code == 2)
        }

        @Test func withoutAModelTheWayToOneIsShown() async throws {
            let outcome = try await Child.run(
                "generate", "mnist", "--digit", "3", "--count", "4", "--model", folder.path + "/none.safetensors",
                "--output", folder.path + "/sheet.png")
            #expect(outcome.code == 2 && outcome.errors.contains("autochrome train mnist"), "\(outcome.errors)")
            let wrong = try await Child.run(
                "generate", "mnist", "--model", Repository.model, "--output", folder.path + "/sheet.png")
            #expect(wrong.code == 2 && wrong.errors.contains("colorization"), "\(wrong.errors)")
        }
    }
}
