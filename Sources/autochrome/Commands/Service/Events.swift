import ArgumentParser
import Foundation
import Service
import Spool

struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell what happened to the photographs, or run a command or post to a server for each event.",
        discussion: """
            Prints one line of JSON for each event. With a name, it goes on where the last run under that name ended.

            Examples:
              autochrome events --follow
              autochrome events --follow --name share --only chosen --exec 'cp "$AUTOCHROME_CHOSEN" /srv/share'
              autochrome events --follow --name chat --post https://chat.example/hook
            """)

    @Flag(help: "Wait for what comes.") var follow = false
    @Option(
        help: ArgumentHelp(
            "Where to begin: a cursor, 'start' or 'end'; once there is a place under a name, that holds.",
            valueName: "cursor"))
    var since: String?
    @Option(help: "Keep the place in the journal under this name.") var name: String?
    @Option(help: ArgumentHelp("Keep the place in a file.", valueName: "file"), completion: .file()) var cursor: String?
    @Option(
        help: ArgumentHelp(
            "Only these: \(Event.Kind.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "event"))
    var only: [Event.Kind] = []
    @Option(help: ArgumentHelp("Run a shell command for each, with its JSON on standard input.", valueName: "command"))
    var exec: String?
    @Option(help: ArgumentHelp("Post each to a server, which takes it by an answer of the 200s.", valueName: "url"))
    var post: String?
    @Option(help: ArgumentHelp("File of lines 'Name: value' to send along.", valueName: "file"), completion: .file())
    var headers: String?
    @Option(help: "Longest time for one delivery, in seconds.") var timeout = 60.0
    @Option(help: "Pass an event over after so many tries; by default it is tried until it is taken.") var tries: Int?
    @Flag(help: "Print one JSON document, with the cursor to go on from.") var json = false
    @Option(help: "Print at most so many.") var limit: Int?
    @OptionGroup var service: ServiceOptions

    private var isHook: Bool { exec != nil || post != nil }

    func validate() throws {
        guard exec == nil || post == nil else { throw ValidationError("--exec and --post are two hooks.") }
        guard name == nil || cursor == nil else { throw ValidationError("A place is kept by --name or by --cursor.") }
        if isHook {
            guard name != nil || cursor != nil else {
                throw ValidationError("A hook needs --name or --cursor, to go on where it was.")
            }
            guard !json, limit == nil else { throw ValidationError("A hook prints nothing.") }
        }
        guard !json || !follow else { throw ValidationError("--json is of what there is, without --follow.") }
        guard 0.1...86_400 ~= timeout else { throw ValidationError("--timeout must be 0.1 … 86400 seconds.") }
        guard tries.map({ $0 > 0 }) ?? true else { throw ValidationError("--tries must be at least 1.") }
        guard limit.map({ $0 > 0 }) ?? true else { throw ValidationError("--limit must be at least 1.") }
        if let since, !["start", "end"].contains(since), EventCursor(since) == nil {
            throw ValidationError("--since must be a cursor, 'start' or 'end'.")
        }
    }

    func run() throws {
        do {
            let configuration = try service.load()
            let journal = EventJournal(state: configuration.state)
            let place = try openPlace(configuration)
            if isHook {
                try runHook(journal, place!, configuration)
            } else {
                try show(journal, place)
            }
        } catch {
            throw Output.usage(error)
        }
    }

    private func openPlace(_ configuration: Configuration) throws -> CursorFile? {
        if let name { return try CursorFile(name: name, state: configuration.state) }
        return try cursor.map(CursorFile.init(_:))
    }

    private var kinds: Set<Event.Kind> { only.isEmpty ? Set(Event.Kind.allCases) : Set(only) }

    /// Where a reader without a place begins: hooks with what comes from now on, all others with what there is.
    private func first(_ journal: EventJournal) throws -> EventCursor {
        switch since ?? (isHook ? "end" : "start") {
        case "start": return .beginning
        case "end": return try journal.end() ?? .beginning
        case let text: return EventCursor(text)!
        }
    }

    private func runHook(_ journal: EventJournal, _ place: CursorFile, _ configuration: Configuration) throws {
        let receiver: any EventReceiver
        if let exec {
            receiver = CommandReceiver(exec, seconds: timeout, outbox: configuration.outbox, report: Output.complain)
        } else {
            let lines = try headers.map { try String(contentsOfFile: $0, encoding: .utf8) } ?? ""
            receiver = try WebReceiver(
                post!, headers: lines.split(whereSeparator: \.isNewline).map(String.init), seconds: timeout)
        }
        let interruption = Interruption(message: "stopping; once more to stop at once")
        let delivery = EventDelivery(
            journal: journal, place: place, receiver: receiver, kinds: kinds, tries: tries,
            report: { Output.complain("autochrome: \($0)") }, shouldStop: { interruption.requested })
        if try !delivery.run(follow: follow, from: first(journal)) { throw ExitCode(1) }
    }

    /// Prints what there is and, where it follows, what comes.
    private func show(_ journal: EventJournal, _ place: CursorFile?) throws {
        var cursor = try place?.read() ?? first(journal)
        var shown: [JournalEntry] = []
        var rest = limit ?? .max
        while rest > 0 {
            let entries = try journal.events(after: cursor)
            if entries.isEmpty {
                guard follow else { break }
                Thread.sleep(forTimeInterval: 0.5)
            }
            for entry in entries where rest > 0 {
                cursor = entry.cursor
                guard kinds.contains(entry.event.kind) || entry.event.kind == .gap else { continue }
                rest -= 1
                if json { shown.append(entry) } else { try Output.line(entry.line) }
            }
            // With the document still to be printed, the place is not reached yet.
            if !json, !entries.isEmpty { try place?.write(cursor) }
        }
        guard json else { return }
        let lines = try shown.map { String(decoding: try $0.line, as: UTF8.self) }.joined(separator: ",\n    ")
        let list = lines.isEmpty ? "[]" : "[\n    \(lines)\n  ]"
        try Output.line(Data("{\n  \"events\": \(list),\n  \"next\": \"\(cursor)\"\n}".utf8))
        try place?.write(cursor)
    }
}

extension Event.Kind: ExpressibleByArgument {}
