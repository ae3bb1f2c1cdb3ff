import Flow
import Foundation
import Kernels
import Tensor
import Testing

@testable import Training

/// What training holds in memory; each test in a process of its own, as the whole process is measured.
@Suite struct MemoryTests {
    @Test func stepsLeaveNothingBehind() async throws {
        await #expect(processExitsWith: .success) {
            try returnFreedMemory()
            let configuration = ModelConfiguration.compact(width: 1.0 / 32, features: 8, ablation: .none, seed: 1)
            let gradient = ColorizationGradient(
                configuration, Parameters(RawWeights(initial: configuration)), execution: Execution(threads: 1))
            func step() {
                _ = gradient(
                    lightness: input("lightness", [2, 1, 256, 256], scale: 1.7, seed: 1),
                    chroma: input("chroma", [2, 2, 64, 64], scale: 1.7, seed: 1))
            }
            step()
            let before = resident()
            for _ in 0..<4 { step() }
            let left = resident() - before
            #expect(left < 1_000_000, "\(left) bytes")
        }
    }

    @Test func depthTakesNoMemory() async throws {
        await #expect(processExitsWith: .success) {
            try returnFreedMemory()
            _ = peak(couplings: 2)
            let shallow = peak(couplings: 2)
            let deep = peak(couplings: 32)
            #expect(shallow > 500_000)
            #expect(Double(deep) < 1.1 * Double(shallow), "\(deep) bytes at depth 32, \(shallow) at depth 2")
        }
    }
}

/// The most bytes that going forward and back through couplings of one shape holds between two of them.
private func peak(couplings: Int) -> Int {
    let (channels, hidden) = (8, 32)
    let execution = Execution(threads: 1)
    let shapes = [[hidden, channels / 2, 3, 3], [hidden, hidden, 3, 3], [channels, hidden, 3, 3]]
    var parameters: [Parameter] = []
    for half in 1...2 {
        for (i, shape) in shapes.enumerated() {
            let name = "a.coefficients\(half).conv\(i).weight"
            parameters.append(Parameter(name, input(name, shape, scale: 0.05, seed: 1)))
        }
    }
    let context = FlowContext(
        parameters: TrainedParameters(Parameters(parameters)), execution: execution,
        conditions: FlowConditions(vector: Variable(Tensor([0, 0]))))
    let coupling = CouplingStep("a", alpha: 2, { .images(name: $0, kernel: 3, slope: 0.05) }, condition: { _ in nil })
    let gauge = Gauge()
    let flow = TrainableFlow(
        steps: Array(repeating: [coupling, gauge] as [any FlowStep], count: couplings).flatMap { $0 }, latentShapes: [])
    let x = input("x", [2, channels, 64, 64], scale: 1, seed: 1)
    gauge.start()
    let (z, _) = flow.forward(x, context)
    flow.backward(z, gradient: z, logScale: 1, context)
    return gauge.peak
}

/// Makes every larger block of memory leave the process when it is freed.
private func returnFreedMemory() throws {
    typealias Mallopt = @convention(c) (Int32, Int32) -> Int32
    let (mmapThreshold, kilobytes): (Int32, Int32) = (-3, 16)
    let mallopt = unsafeBitCast(try #require(dlsym(nil, "mallopt")), to: Mallopt.self)
    #expect(mallopt(mmapThreshold, kilobytes << 10) == 1)
}

/// Bytes of memory that the process holds, without what is mapped from files and what small blocks left free.
private func resident() -> Int {
    typealias Trim = @convention(c) (Int) -> Int32
    if let trim = dlsym(nil, "malloc_trim") { _ = unsafeBitCast(trim, to: Trim.self)(0) }
    let fields = (try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8))?.split { $0.isWhitespace }
    let size = fields.flatMap { fields in fields.firstIndex(of: "Anonymous:").flatMap { Int(fields[$0 + 1]) } }
    return (size ?? 0) << 10
}

/// A step that changes nothing and looks at the memory.
private final class Gauge: FlowStep {
    private var base = 0
    private(set) var peak = 0

    func start() { base = resident() }

    private func look() { peak = max(peak, resident() - base) }

    func forward(_ input: Flowing, _ logDeterminant: inout [Double], _ context: FlowContext) -> Flowing {
        look()
        return input
    }

    func inverse(_ output: Flowing, _ context: FlowContext) -> Flowing {
        look()
        return output
    }

    func backward(_ output: FlowingGradient, logScale: Float, _ context: FlowContext) -> FlowingGradient {
        look()
        return output
    }

    func inverseBackward(_ input: FlowingGradient, _ context: FlowContext) -> FlowingGradient {
        look()
        return input
    }
}
