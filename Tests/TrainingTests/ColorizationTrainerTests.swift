import Flow
import Foundation
import Imaging
import Kernels
import Tensor
import TestSupport
import Testing

@testable import Training

/// The trainer on real photographs, with a network of a few channels.
@Suite struct ColorizationTrainerTests {
    private static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path
    private static let execution = Execution(threads: 2)
    /// Its helper is built beside the tests, and honest with files that ask for no fault.
    private static let decoder = SandboxedDecoder(
        program: Bundle.main.executableURL!.deletingLastPathComponent().path + "/faulty-helper", arguments: [])
    private static let small = ModelConfiguration.paper(width: 1.0 / 64, seed: 3)

    private static let photographs = ["astronaut", "chelsea", "coffee"].map { "\(fixtures)/\($0).jpg" }

    private func photographs(_ files: [String] = photographs) throws -> PhotographSet {
        try PhotographSet(files, of: "here", limit: 10, decoder: Self.decoder, execution: Self.execution)
    }

    private func trainer(
        _ output: String, steps: Int, pretraining: Int = 0, start: ColorizationStart? = nil, resume: Bool = false,
        held: Bool = false, keepsStatistics: Bool = false
    ) throws -> ColorizationTrainer {
        var settings = ColorizationSettings()
        (settings.steps, settings.pretraining, settings.batch, settings.rate) = (steps, pretraining, 3, 1e-3)
        settings.keepsStatistics = keepsStatistics
        let photographs = try photographs()
        return try ColorizationTrainer(
            settings, start: start ?? ColorizationStart(new: Self.small), training: photographs,
            held: held ? photographs : nil, output: output, resume: resume, execution: Self.execution)
    }

    @Test func resumedTrainingGivesTheSameBits() throws {
        let folder = try TemporaryFolder()
        let (whole, parts) = (folder.path + "/whole", folder.path + "/parts")
        try trainer(whole, steps: 4).run(shouldStop: { false }, report: { _ in }, saved: { _ in })
        var steps = 0
        try trainer(parts, steps: 4).run(shouldStop: { steps == 2 }, report: { _ in steps += 1 }, saved: { _ in })
        let second = try trainer(parts, steps: 4, resume: true)
        #expect(second.step == 2)
        try second.run(shouldStop: { false }, report: { _ in }, saved: { _ in })
        #expect(try Data(contentsOf: URL(fileURLWithPath: whole)) == Data(contentsOf: URL(fileURLWithPath: parts)))
        // The result is a model like any other.
        #expect(try Colorizer(file: ModelFile.open(whole)).configuration == Self.small)
    }

    @Test func learns() throws {
        let folder = try TemporaryFolder()
        var likelihoods: [Double] = []
        var held: Double?
        try trainer(folder.path + "/model", steps: 12, held: true).run(
            shouldStop: { false }, report: { likelihoods.append($0.loss) }, saved: { held = $0 })
        #expect(likelihoods.count == 12 && likelihoods.suffix(3).reduce(0, +) < likelihoods.prefix(3).reduce(0, +))
        #expect(held?.isFinite == true)
    }

    @Test func fixedLeavesTheConditioningNetworkAlone() throws {
        let folder = try TemporaryFolder()
        let model = folder.path + "/model"
        try trainer(model, steps: 1).run(shouldStop: { false }, report: { _ in }, saved: { _ in })
        let start = try ColorizationStart(model: model, preset: .paper, width: nil, ablation: .fixed)
        try trainer(folder.path + "/fixed", steps: 2, start: start).run(
            shouldStop: { false }, report: { _ in }, saved: { _ in })
        let (before, after) = (try SafeTensors(path: model), try SafeTensors(path: folder.path + "/fixed"))
        #expect(after.metadata["ablation"] == "fixed")
        var changed = Set<Bool>()
        for name in before.entries.keys where before.entries[name]?.type != .int32 {
            let isSame = try before.tensor(name).values == after.tensor(name).values
            if name.hasPrefix("conditioning.") { #expect(isSame, "\(name)") } else { changed.insert(!isSame) }
        }
        #expect(changed.contains(true))
    }

    /// Networks with a regression of their own and without.
    @Test(arguments: [small, .compact(width: 1.0 / 64, features: 8, ablation: .fixed, seed: 3)])
    func pretrainingComesFirst(configuration: ModelConfiguration) throws {
        let folder = try TemporaryFolder()
        let (whole, parts) = (folder.path + "/whole", folder.path + "/parts")
        let start = { ColorizationStart(new: configuration) }
        let first = Parameters(RawWeights(initial: configuration))
        var steps: [ColorizationTrainer.Step] = []
        try trainer(parts, steps: 12, pretraining: 10, start: start()).run(
            shouldStop: { steps.count == 10 }, report: { steps.append($0) }, saved: { _ in })
        #expect(steps.allSatisfy { $0.isPretraining && $0.isApplied })
        #expect(steps.suffix(3).reduce(0) { $0 + $1.loss } < steps.prefix(3).reduce(0) { $0 + $1.loss })
        let pretrained = try SafeTensors(path: parts)
        for parameter in first.all where parameter.name.hasPrefix("level") {
            #expect(try pretrained.tensor(parameter.name).values.count == parameter.value.count)
            if parameter.name.hasSuffix(".weight"), !parameter.name.contains("norm") {
                let isSame = try zip(pretrained.tensor(parameter.name).values, parameter.value.values)
                    .allSatisfy { abs($0 - $1) <= 1e-3 * abs($1) + 1e-6 }
                #expect(isSame, "\(parameter.name)")
            }
        }
        // The readout is the trainer's own.
        #expect(try Colorizer(file: ModelFile.open(parts)).configuration == configuration)

        try trainer(parts, steps: 12, pretraining: 10, start: start(), resume: true).run(
            shouldStop: { false }, report: { steps.append($0) }, saved: { _ in })
        #expect(steps.count == 12 && steps.suffix(2).allSatisfy { !$0.isPretraining })
        try trainer(whole, steps: 12, pretraining: 10, start: start()).run(
            shouldStop: { false }, report: { _ in }, saved: { _ in })
        #expect(try Data(contentsOf: URL(fileURLWithPath: whole)) == Data(contentsOf: URL(fileURLWithPath: parts)))
    }

    @Test func pretrainingNeedsAConditioningNetwork() throws {
        let folder = try TemporaryFolder()
        let start = ColorizationStart(new: .paper(width: 1.0 / 64, ablation: .none, seed: 3))
        #expect(
            throws: TrainingError.setting(
                name: "pretraining", reason: "needs a conditioning network, and there is none")
        ) { try trainer(folder.path + "/model", steps: 2, pretraining: 1, start: start) }
        #expect(throws: TrainingError.setting(name: "pretraining", reason: "must be from 0 to all steps")) {
            try trainer(folder.path + "/model", steps: 2, pretraining: 3)
        }
    }

    @Test func keptStatisticsStay() throws {
        let folder = try TemporaryFolder()
        let model = folder.path + "/model"
        try trainer(model, steps: 1).run(shouldStop: { false }, report: { _ in }, saved: { _ in })
        let start = try ColorizationStart(model: model, preset: nil, width: nil, ablation: nil)
        var likelihood: Double?
        try trainer(folder.path + "/kept", steps: 2, start: start, keepsStatistics: true).run(
            shouldStop: { false }, report: { likelihood = $0.loss }, saved: { _ in })
        #expect(likelihood?.isFinite == true)
        let (before, after) = (try SafeTensors(path: model), try SafeTensors(path: folder.path + "/kept"))
        for name in before.entries.keys where name.contains(".running_") {
            #expect(try before.tensor(name).values == after.tensor(name).values, "\(name)")
        }
        let weight = "level1.conditional.0.head.norm.weight"
        #expect(try before.tensor(weight).values != after.tensor(weight).values)
    }

    @Test func refusesOtherNetworksByName() throws {
        let folder = try TemporaryFolder()
        let model = folder.path + "/model"
        try trainer(model, steps: 1).run(shouldStop: { false }, report: { _ in }, saved: { _ in })
        #expect(throws: TrainingError.otherSettings(path: model, reason: "preset paper, not compact")) {
            try ColorizationStart(model: model, preset: .compact, width: nil, ablation: nil)
        }
        #expect(throws: TrainingError.otherSettings(path: model, reason: "width 0.015625, not 1.0")) {
            try ColorizationStart(model: model, preset: nil, width: 1, ablation: nil)
        }
        #expect(throws: TrainingError.otherSettings(path: model, reason: "ablation joint, not none")) {
            try ColorizationStart(model: model, preset: nil, width: nil, ablation: ModelConfiguration.Ablation.none)
        }
        let other = ColorizationStart(new: .paper(width: 1.0 / 32, seed: 3))
        #expect(
            throws: TrainingError.otherSettings(
                path: ColorizationTrainer.checkpoint(of: model), reason: "features 4, not 8")
        ) { try trainer(model, steps: 2, start: other, resume: true) }
    }

    @Test func aFullDiskLeavesTheLastModel() throws {
        let folder = try TemporaryFolder()
        let model = folder.path + "/model"
        try trainer(model, steps: 1).run(shouldStop: { false }, report: { _ in }, saved: { _ in })
        let before = try Data(contentsOf: URL(fileURLWithPath: model))
        // Every write to this device fails as on a full disk.
        try FileManager.default.createSymbolicLink(
            atPath: ColorizationTrainer.checkpoint(of: model) + ".part", withDestinationPath: "/dev/full")
        #expect(throws: SafeTensorsError.self) {
            try trainer(model, steps: 2, resume: true).run(shouldStop: { false }, report: { _ in }, saved: { _ in })
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: model)) == before)
        #expect(try trainer(model, steps: 2, resume: true).step == 1)
    }

    @Test func dataThatCannotBeUsed() throws {
        let folder = try TemporaryFolder()
        let (broken, grayPicture) = (folder.path + "/broken.jpg", folder.path + "/gray.png")
        #expect(throws: TrainingError.data(path: "here", reason: "no photographs")) { try photographs([]) }
        #expect(throws: TrainingError.data(path: broken, reason: "no such file or folder")) {
            try photographs(Self.photographs + [broken])
        }
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: broken))
        // A gray PNG of eight by eight pixels.
        let gray =
            "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAAEElEQVR4nGNsYIAAJgaKGAAmCACQXTClHgAAAABJRU5ErkJggg=="
        try #require(Data(base64Encoded: gray)).write(to: URL(fileURLWithPath: grayPicture))
        #expect(
            throws: TrainingError.data(path: "here", reason: "1 photographs, none in colour, 1 unreadable")
        ) { try photographs([broken, grayPicture]) }
        let set = try photographs([broken, grayPicture] + Self.photographs)
        #expect(set.counts == .init(used: 3, gray: 1, unreadable: 1))
        #expect(set.problems.count == 1 && set.problems[0].contains("broken.jpg"))
    }

    private func pack(_ archive: String, _ arguments: String...) throws {
        try #require(try Subprocess("tar", ["-cf", archive] + arguments).wait().code == 0)
    }

    /// Names over 100 bytes, which each of the formats holds in its own way.
    @Test(arguments: ["ustar", "gnu", "pax"]) func longNamesInAnArchive(format: String) throws {
        let folder = try TemporaryFolder()
        let long = (1...3).map { "\(Array(repeating: "long", count: 12).joined()) \($0)" }.joined(separator: "/")
        let names = ["\(long)/ä.jpg", "\(long)/b.jpg"]
        for (name, photograph) in zip(names, Self.photographs) {
            try folder.write(Data(contentsOf: URL(fileURLWithPath: photograph)), "in/" + name)
        }
        let archive = folder.path + "/photographs.tar"
        try pack(archive, "--format=" + format, "-C", folder.path + "/in", ".")
        let set = try photographs([archive])
        #expect(set.problems == [] && set.counts == .init(used: 2))
        #expect(set.items.map(\.name) == names.reversed().map { "\(archive)/./\($0)" })
    }

    @Test func aBrokenArchiveIsNamedAndTheRestUsed() throws {
        let folder = try TemporaryFolder()
        let broken = try folder.write(Array(repeating: 7, count: 5000), "broken.tar")
        let beside = try photographs([broken] + Self.photographs)
        #expect(beside.counts == .init(used: 3, unreadable: 1))
        #expect(beside.problems.count == 1 && beside.problems[0].contains("broken.tar: not a tar archive"))

        // What comes before the end of one that was cut off is used as well.
        let cut = folder.path + "/cut.tar"
        try pack(cut, "-C", Self.fixtures, "astronaut.jpg", "chelsea.jpg")
        let first = try Data(contentsOf: URL(fileURLWithPath: Self.photographs[0])).count
        try Data(contentsOf: URL(fileURLWithPath: cut)).prefix(512 + (first + 511) / 512 * 512 + 1000)
            .write(to: URL(fileURLWithPath: cut))
        let part = try photographs([cut])
        #expect(part.counts == .init(used: 1, unreadable: 1))
        #expect(part.problems == ["\(cut): a tar archive that ends too early"])
    }

    @Test func photographsFromAnArchive() throws {
        let folder = try TemporaryFolder()
        let archive = folder.path + "/photographs.tar"
        try pack(archive, "-C", Self.fixtures, ".")
        let (packed, plain) = (try photographs([archive]), try photographs())
        #expect(packed.items.count == plain.items.count)
        for (a, b) in zip(packed.items, plain.items) {
            #expect(a.photograph.tensors(.init()).chroma.values == b.photograph.tensors(.init()).chroma.values)
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: archive))
        try bytes.prefix(2000).write(to: URL(fileURLWithPath: archive))
        #expect(throws: TrainingError.self) { try photographs([archive]) }
    }

    /// Every photograph comes once before any comes again, and a batch is a function of its number.
    @Test func batches() throws {
        let batches = Batches(photographs: try photographs(), size: 2, seed: 5, noise: 0.05, smallest: 0.5)
        let first = batches.batch(7, Self.execution)
        let again = batches.batch(7, .single)
        #expect(first.lightness.values == again.lightness.values && first.chroma.values == again.chroma.values)
        #expect(first.lightness.values != batches.batch(8, Self.execution).lightness.values)
        #expect(first.chroma.shape == [2, 2, 64, 64] && first.lightness.shape == [2, 1, 256, 256])
    }
}
