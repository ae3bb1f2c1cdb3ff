import CSandbox
import Files
import Foundation

/// A process that stands ready to decode: `autochrome decode-helper`.
///
/// It never sees a stranger's byte itself. For each request it forks a child, which starts warm, locks itself down,
/// decodes one file and ends; whatever a file does to its decoder ends with it.
package enum DecodeHelper {
    /// The descriptor of the client's channel.
    static let channel: Int32 = 3

    /// Serves until the client is gone.
    /// - Parameter intrude: Called in the child, locked down, before it decodes; tests put faults here.
    package static func run(intrude: @escaping (_ file: Int32, _ answers: Int32) -> Void = { _, _ in }) throws {
        // The service manager signals the whole group; work in hand is finished, and the end comes with the client's.
        for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        signal(SIGCHLD, SIG_DFL)
        try Vips.start(concurrency: 1)
        try ExivRecord.start()
        try warmUp()
        let dataBytes = ownData()
        let confinement = try Jail.close()
        let client = Channel(Descriptor(owning: channel))
        try client.send(confinement)
        while let child = try launch(client, dataBytes, confinement, intrude), let status = wait(for: child, client) {
            try client.send(status)
        }
    }

    /// A process at work, and the end of a pipe that closes with it.
    private struct Child {
        var process: pid_t
        var life: Descriptor
    }

    /// Waits for a request and starts a child for it; nil when there will be none.
    ///
    /// On return only the child has the request's descriptors, so that the client learns of its end.
    private static func launch(
        _ client: Channel, _ dataBytes: Int, _ confinement: Confinement, _ intrude: @escaping (Int32, Int32) -> Void
    ) throws -> Child? {
        guard let (request, descriptors) = try? client.receive(HelperRequest.self, descriptors: 3),
            let answers = descriptors.first
        else { return nil }
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Channel.Failure(code: errno) }
        let process = sb_fork()
        if process == 0 {
            Foundation.close(ends[0])
            Foundation.close(client.descriptor)
            Worker(
                request: request, answers: Channel(answers), file: descriptors.dropFirst().first,
                memory: descriptors.dropFirst(2).first, dataBytes: dataBytes, confinement: confinement, intrude: intrude
            ).run()
            _exit(0)
        }
        Foundation.close(ends[1])
        let life = Descriptor(owning: ends[0])
        guard process > 0 else { throw Channel.Failure(code: errno) }
        return Child(process: process, life: life)
    }

    /// Waits until a child has ended, and ends it when the client goes away.
    /// - Returns: how it ended, as wait(2) has it; nil if nobody wants to know.
    private static func wait(for child: Child, _ client: Channel) -> Int32? {
        var entries = [child.life.raw, client.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&entries, 2, -1) < 0, errno == EINTR {}
        // A child that writes to the pipe has ended neither.
        if entries[0].revents & Int16(POLLHUP) == 0 { kill(child.process, SIGKILL) }
        let status = sb_wait(child.process)
        return entries[0].revents == 0 ? nil : status
    }

    /// Does once what each child would have to do for itself.
    private static func warmUp() throws {
        _ = (GrayLevel.lightness[0], GrayLevel.linear[0], CaptureDates.checked("2000:01:01 00:00:00"))
        // One gray pixel.
        let image = Data(
            base64Encoded: """
                iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==
                """)!
        let raw = sb_memory("pixel", off_t(image.count))
        guard raw >= 0 else { throw Channel.Failure(code: errno) }
        let memory = Descriptor(owning: raw)
        guard image.withUnsafeBytes({ pwrite(memory.raw, $0.baseAddress, $0.count, 0) }) == image.count else {
            throw Channel.Failure(code: errno)
        }
        let photograph = try Photograph.open(descriptor: memory.raw, name: "a pixel")
        _ = try JSONDecoder().decode(
            HelperRequest.self, from: JSONEncoder().encode(HelperRequest(work: .probe, limits: DecodeLimits())))
        precondition(photograph.width == 1, "the pixel of the warm-up is one pixel")
    }

    /// Bytes that count towards a limit of data already.
    private static func ownData() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmData:") } ?? ""
        return (Int(line.split(separator: " ").dropFirst().first ?? "") ?? 512 << 10) << 10
    }
}
