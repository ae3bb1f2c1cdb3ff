import Foundation
import Kernels
import Tensor
import TestSupport
import Testing

@testable import Training

@Suite struct OptimizationTests {
    private let execution = Execution(threads: 2)

    @Test func adamAgreesWithTorch() throws {
        let file = try golden("adam")
        let parameter = Parameter("x", input("adam", [3, 67], scale: 1, seed: 20))
        var settings = Adam.Settings()
        settings.clip = 1
        let adam = Adam(settings: settings)
        for step in 0..<10 {
            parameter.gradient = input("adam\(step)", [3, 67], scale: 0.02 * Float(1 << step), seed: 20)
            guard case .applied(let norm) = adam.step([parameter], rate: 1e-2, execution) else {
                Issue.record("step \(step) was skipped")
                return
            }
            #expect(abs(norm / Double(try file.tensor("norm\(step)").values[0]) - 1) < 1e-5)
            let error = relativeError(parameter.value.values, try file.tensor("step\(step)").values)
            #expect(error < 1e-6, "step \(step): \(error)")
            #expect(parameter.gradient.values.allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: [Float.nan, .infinity])
    func aStepThatIsNotFiniteChangesNothing(_ bad: Float) {
        let parameters = ["a", "b"].map { Parameter($0, input($0, [40], scale: 1, seed: 4)) }
        let adam = Adam()
        parameters[0].gradient = input("g", [40], scale: 1, seed: 4)
        #expect(adam.step(parameters, rate: 0.1, execution) != .skipped)
        let before = parameters.map(\.value.values)
        parameters[1].gradient = Tensor([40], [bad] + [Float](repeating: 1, count: 39))
        #expect(adam.step(parameters, rate: 0.1, execution) == .skipped)
        #expect(adam.step(parameters, loss: .nan, rate: 0.1, execution) == .skipped)
        #expect(parameters.map(\.value.values) == before)
        #expect(adam.skipped == 2 && adam.steps == 1)
        #expect(adam.moments["b"]?.first.values.allSatisfy { $0.isFinite } == true)
    }

    @Test func threadsDoNotChangeBits() {
        func result(_ threads: Int) -> [Float] {
            let execution = Execution(threads: threads)
            let parameter = Parameter("x", input("x", [300, 300], scale: 1, seed: 5))
            let other = input("y", [300, 300], scale: 1, seed: 5)
            let adam = Adam()
            Matrix.addProduct(
                parameter.value, other, transposingFirst: true, to: &parameter.gradient, execution)
            _ = adam.step([parameter], rate: 0.01, execution)
            return parameter.value.values
        }
        #expect(result(1) == result(3))
    }

    @Test func aPlateauLowersTheRate() {
        var schedule = PlateauSchedule(rate: 1, factor: 0.2, patience: 2, threshold: 1e-3, cooldown: 2)
        for loss in [3.0, 2, 1.9999, 1.9999] { schedule.epochEnded(loss: loss) }
        #expect(schedule.rate == 1)
        schedule.epochEnded(loss: 1.9999)
        #expect(schedule.rate == 0.2)
        // Two epochs of cooling, two of patience, and one too many.
        for _ in 0..<4 { schedule.epochEnded(loss: .nan) }
        #expect(schedule.rate == 0.2)
        schedule.epochEnded(loss: 2)
        #expect(abs(schedule.rate - 0.04) < 1e-12)
        schedule.epochEnded(loss: -5)
        for _ in 0..<3 { schedule.epochEnded(loss: -5.001) }
        #expect(abs(schedule.rate - 0.04) < 1e-12)
    }

    @Test func theExponentialRateFallsFromFirstToLast() {
        let schedule = ExponentialSchedule(steps: 101)
        #expect(schedule.rate(step: 0) == 1e-4)
        #expect(abs(schedule.rate(step: 50) - 1e-5) < 1e-12)
        #expect(abs(schedule.rate(step: 100) - 1e-6) < 1e-15 && schedule.rate(step: 500) == schedule.rate(step: 100))
    }

    private struct State: Codable, Equatable {
        var epoch: Int
        var schedule: PlateauSchedule
    }

    @Test func aCheckpointGoesOnToTheSameBits() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/checkpoint.safetensors"
        func train(_ parameters: Parameters, _ adam: Adam, _ steps: Range<Int>) {
            for step in steps {
                parameters["a"].gradient = input("g\(step)", [70], scale: 1, seed: 6)
                _ = adam.step(parameters.learned, rate: 0.01, execution)
            }
        }
        func start() -> Parameters {
            Parameters(
                [Parameter("a", input("a", [70], scale: 1, seed: 6)), Parameter("a.rotation", Tensor([1, 1], [1]))],
                permutations: ["p": [1, 0]])
        }
        let (straight, first) = (start(), start())
        train(straight, Adam(), 0..<6)
        let adam = Adam()
        train(first, adam, 0..<3)
        var state = State(epoch: 4, schedule: PlateauSchedule())
        state.schedule.epochEnded(loss: 0.1)
        try Checkpoint.write(first, adam, state: state, to: path)
        let checkpoint = try Checkpoint(path: path)
        #expect(try checkpoint.state(as: State.self) == state)
        #expect(checkpoint.parameters.permutations == ["p": [1, 0]])
        train(checkpoint.parameters, checkpoint.optimizer, 3..<6)
        #expect(checkpoint.parameters["a"].value.values == straight["a"].value.values)
        #expect(checkpoint.optimizer.steps == 6)

        try checkpoint.check(against: start())
        let other = Parameters([Parameter("a", Tensor([71]))])
        #expect(throws: TrainingError.otherNetwork(path: path, tensor: "a")) { try checkpoint.check(against: other) }
        #expect(throws: TrainingError.notACheckpoint(path: path)) { try checkpoint.state(as: [Int].self) }
    }

    /// A full disk, as far as the program can tell: writing fails, and the file that was there is whole.
    @Test func aFailedWriteLeavesTheLastCheckpoint() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/checkpoint.safetensors"
        let parameters = Parameters([Parameter("a", Tensor([4], [1, 2, 3, 4]))])
        try Checkpoint.write(parameters, Adam(), state: 1, to: path)
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        try FileManager.default.createSymbolicLink(atPath: path + ".part", withDestinationPath: "/dev/full")
        parameters["a"].value = Tensor([4])
        #expect(throws: (any Error).self) { try Checkpoint.write(parameters, Adam(), state: 2, to: path) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
}
