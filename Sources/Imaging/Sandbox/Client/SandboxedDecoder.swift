import CSandbox
import Foundation
import Synchronization

/// Decodes strangers' files in helper processes that can do nothing else, and are kept warm.
///
/// A file that makes its decoder crash, hang or grow takes nothing with it: another decodes the next one at once.
/// As many helpers run as photographs are decoded at the same time.
package final class SandboxedDecoder: Sendable {
    /// Seconds past its own limit after which a decoder is killed.
    private static let grace = 2.0

    private let program: String
    private let arguments: [String]
    private let idle = Mutex<[HelperProcess]>([])

    /// - Parameters:
    ///   - program: One that runs `DecodeHelper`: this very one, unless a test knows better.
    package init(program: String = "/proc/self/exe", arguments: [String] = ["decode-helper"]) {
        self.program = program
        self.arguments = arguments
    }

    /// Starts a helper ahead of the first file, and tells what confines it.
    /// - Throws: `ImagingError.noDecoder`.
    package func start() throws -> Confinement {
        let helper = try launch(for: "decode helper")
        defer { idle.withLock { $0.append(helper) } }
        return helper.confinement
    }

    /// Begins to start a helper, beside what the caller does next; the first file says why there is none.
    package func prepare() {
        DispatchQueue.global().async { [self] in _ = try? start() }
    }

    /// Decodes an open file completely, after checking its header against the limits.
    /// - Parameters:
    ///   - descriptor: open for reading; it stays open, and its position does not matter.
    ///   - name: the file's name for messages, which need not be printable.
    ///   - threads: most threads that reduce the picture for the network.
    ///   - admit: called once the size is known, before any pixel is decoded; may wait, or throw to give up.
    /// - Throws: `ImagingError`, or what `admit` throws.
    package func photograph(
        descriptor: Int32, name: String, limits: DecodeLimits = DecodeLimits(), threads: Int = 1,
        admit: (_ width: Int, _ height: Int) throws -> Void = { _, _ in }
    ) throws -> Photograph {
        let name = Photograph.printable(name)
        try limits.validate()
        return try exchange(.init(work: .decode, limits: limits), [descriptor], name) { answers in
            func impossible(_ what: String) -> ImagingError { .decoderFailed(file: name, reason: "gave \(what)") }
            guard case .header(let said) = try reply(answers, name, limits) else { throw impossible("no header") }
            guard let description = said.checked(limits: limits) else { throw impossible("an impossible header") }
            try admit(description.width, description.height)
            let shared = SharedPixels(description)
            guard let memory = shared.make() else {
                throw ImagingError.noDecoder(file: name, reason: String(cString: strerror(errno)))
            }
            try answers.send(true, [memory.raw])
            guard case .decoded(let hasChroma) = try reply(answers, name, limits) else {
                throw impossible("no pixels")
            }
            guard let plane = shared.plane(memory) else { throw impossible("no pixels") }
            var chroma: [Float]?
            if hasChroma {
                chroma = shared.chroma(memory)
                if chroma == nil { throw impossible("impossible colours") }
            }
            return Photograph(description: description, plane: plane, chroma: chroma, name: name, threads: threads)
        }
    }

    /// Decodes a file, which no symbolic link may stand for.
    /// - Throws: `ImagingError`.
    package func photograph(path: String, limits: DecodeLimits = DecodeLimits()) throws -> Photograph {
        try Photograph.withDescriptor(of: path) { try photograph(descriptor: $0, name: path, limits: limits) }
    }

    /// The `errno` of everything that a helper must not do, tried from inside; 0 where it could.
    package func probe() throws -> [String: Int32] {
        try exchange(.init(work: .probe, limits: DecodeLimits()), [], "probe") { answers in
            guard case .probed(let results) = try reply(answers, "probe", DecodeLimits()) else { return [:] }
            return results
        }
    }

    // MARK: Helpers

    var idleProcesses: [pid_t] { idle.withLock { $0.map(\.process) } }

    /// Has a helper serve a request; it is used again unless something is wrong with it.
    func exchange<Result>(
        _ request: HelperRequest, _ descriptors: [Int32], _ name: String, _ body: (Channel) throws -> Result
    ) throws -> Result {
        let (helper, answers) = try begin(request, descriptors, name)
        do {
            let result = try body(answers)
            putBack(helper)
            return result
        } catch let failure as Channel.Failure where failure.code == ETIMEDOUT {
            throw ImagingError.tooSlow(file: name, seconds: request.limits.seconds)
        } catch is Channel.Failure {
            throw ended(helper, name, request.limits)
        } catch is DecodingError {
            throw ImagingError.decoderFailed(file: name, reason: "gave an answer that cannot be read")
        } catch {
            answers.end()
            putBack(helper)
            throw error
        }
    }

    /// The next answer; a refusal is thrown.
    func reply(_ answers: Channel, _ name: String, _ limits: DecodeLimits) throws -> HelperReply {
        let deadline = ContinuousClock.now + .seconds(limits.seconds + Self.grace)
        let reply = try answers.receive(HelperReply.self, until: deadline).0
        if case .refused(let refusal) = reply { throw refusal.error(file: name, limits: limits) }
        return reply
    }

    /// Hands a request to an idle helper, or a new one.
    private func begin(_ request: HelperRequest, _ descriptors: [Int32], _ name: String) throws
        -> (HelperProcess, Channel)
    {
        // One that was killed while it was idle is passed over.
        while let helper = idle.withLock({ $0.popLast() }) {
            if let answers = try? helper.begin(request, descriptors) { return (helper, answers) }
        }
        let helper = try launch(for: name)
        do { return (helper, try helper.begin(request, descriptors)) } catch { throw Self.lost(name, error) }
    }

    private func launch(for name: String) throws -> HelperProcess {
        do { return try HelperProcess(program: program, arguments: arguments) } catch { throw Self.lost(name, error) }
    }

    /// Keeps a helper for the next file, once its child is gone; one whose child stays is killed with it.
    private func putBack(_ helper: HelperProcess) {
        if (try? helper.finish()) != nil { idle.withLock { $0.append(helper) } }
    }

    /// The error for a child that ended without an answer.
    private func ended(_ helper: HelperProcess, _ name: String, _ limits: DecodeLimits) -> ImagingError {
        guard let status = try? helper.finish() else {
            return .noDecoder(file: name, reason: "its process was killed")
        }
        idle.withLock { $0.append(helper) }
        switch sb_signal(status) {
        case 0: return .decoderFailed(file: name, reason: "ended without an answer (code \(sb_code(status)))")
        case SIGKILL: return .noDecoder(file: name, reason: "its process was killed")
        case SIGXCPU: return .tooSlow(file: name, seconds: limits.seconds)
        case let signal:
            let text = String(cString: strsignal(signal))
            return .decoderFailed(file: name, reason: "crashed or ran out of memory (\(text))")
        }
    }

    private static func lost(_ name: String, _ error: any Error) -> ImagingError {
        let code = (error as? Channel.Failure)?.code ?? 0
        let text = code == 0 ? "its process ended at once" : String(cString: strerror(code))
        return .noDecoder(file: name, reason: text)
    }
}
