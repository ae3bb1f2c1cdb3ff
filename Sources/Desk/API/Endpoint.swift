import NIOHTTP1

/// What a request is about, by its path.
enum Endpoint: Sendable {
    case health, readiness, metrics
    case wall(folder: DeskID?), resultPage(DeskID), login, logout
    case plainChoice(DeskID)
    case file(String)
    case document, session, results, folders, queue, failures, retry, recolor, uploads, events
    case result(DeskID)
    case image(DeskID, ImageName)
    case choose(DeskID), unchoose(DeskID), undo(DeskID), reroll(DeskID), hints(DeskID), previews(DeskID)
    case previewImage(DeskID, Int)
    case settings(DeskID)

    /// The body that it takes.
    enum BodyKind { case none, small, upload }

    init?(_ path: [String]) {
        switch path.first {
        case "healthz" where path.count == 1: self = .health
        case "readyz" where path.count == 1: self = .readiness
        case "metrics" where path.count == 1: self = .metrics
        case "" where path.count == 1: self = .wall(folder: nil)
        case "login" where path.count == 1: self = .login
        case "logout" where path.count == 1: self = .logout
        case "page" where path.count == 2: self = .file(path[1])
        case "folders" where path.count == 2:
            guard let id = DeskID(path[1]) else { return nil }
            self = .wall(folder: id)
        case "results" where path.count == 2 || path.count == 3 && path[2] == "choice":
            guard let id = DeskID(path[1]) else { return nil }
            self = path.count == 2 ? .resultPage(id) : .plainChoice(id)
        case "api" where path.count > 2 && path[1] == "v1": self.init(api: Array(path[2...]))
        default: return nil
        }
    }

    private init?(api path: [String]) {
        if path.count == 1 {
            switch path[0] {
            case "openapi.json": self = .document
            case "session": self = .session
            case "results": self = .results
            case "folders": self = .folders
            case "queue": self = .queue
            case "failures": self = .failures
            case "retry": self = .retry
            case "recolor": self = .recolor
            case "uploads": self = .uploads
            case "events": self = .events
            default: return nil
            }
            return
        }
        guard let id = DeskID(path[1]) else { return nil }
        switch (path[0], path.count) {
        case ("results", 2): self = .result(id)
        case ("results", 3): self.init(result: id, path[2])
        case ("results", 4) where path[2] == "images":
            guard let name = ImageName(path[3]) else { return nil }
            self = .image(id, name)
        case ("previews", 3):
            guard case .variant(let number)? = ImageName(path[2]) else { return nil }
            self = .previewImage(id, number)
        case ("folders", 3) where path[2] == "settings": self = .settings(id)
        default: return nil
        }
    }

    private init?(result id: DeskID, _ action: String) {
        switch action {
        case "choose": self = .choose(id)
        case "unchoose": self = .unchoose(id)
        case "undo": self = .undo(id)
        case "reroll": self = .reroll(id)
        case "hints": self = .hints(id)
        case "previews": self = .previews(id)
        default: return nil
        }
    }

    /// The methods that it knows.
    var methods: [HTTPMethod] {
        switch self {
        case .settings: [.GET, .PUT]
        case .login: [.GET, .POST]
        case .choose, .unchoose, .undo, .reroll, .hints, .previews, .retry, .recolor, .uploads, .logout,
            .plainChoice:
            [.POST]
        default: [.GET]
        }
    }

    func body(_ method: HTTPMethod) -> BodyKind {
        if case .uploads = self { return .upload }
        return method == .GET ? .none : .small
    }

    /// Who may come in.
    func access(_ method: HTTPMethod) -> Door.Access {
        switch self {
        case .health, .readiness, .login, .file: .anybody
        // Their forms show the page's token in the body.
        case .plainChoice, .logout: .visitor
        default: method == .GET ? .visitor : .writer
        }
    }

    /// Whether it is a page, which a link on another one may lead to.
    var isPage: Bool {
        switch self {
        case .wall, .resultPage, .login: true
        default: false
        }
    }

    /// Its name in the metrics.
    var name: String {
        switch self {
        case .health: "healthz"
        case .readiness: "readyz"
        case .metrics: "metrics"
        case .wall, .resultPage, .login, .logout, .plainChoice: "page"
        case .file: "file"
        case .document: "openapi"
        case .session: "session"
        case .results: "results"
        case .result: "result"
        case .image, .previewImage: "image"
        case .choose, .unchoose, .undo: "choose"
        case .reroll: "reroll"
        case .hints: "hints"
        case .previews: "previews"
        case .folders: "folders"
        case .settings: "settings"
        case .queue: "queue"
        case .failures: "failures"
        case .retry: "retry"
        case .recolor: "recolor"
        case .uploads: "uploads"
        case .events: "events"
        }
    }
}

/// A picture of a result.
enum ImageName: Sendable, Equatable {
    case variant(Int)
    case original, uncertainty, sheet
    /// The chosen picture, be it one of an earlier result; in its full size alone.
    case chosen

    enum Size: String, Sendable { case thumbnail, preview, full }

    init?(_ text: String) {
        switch text {
        case "original": self = .original
        case "uncertainty": self = .uncertainty
        case "sheet": self = .sheet
        case "chosen": self = .chosen
        default:
            guard let number = Int(text), (1...99).contains(number), String(number) == text else { return nil }
            self = .variant(number)
        }
    }

    var text: String {
        switch self {
        case .variant(let number): "\(number)"
        case .original: "original"
        case .uncertainty: "uncertainty"
        case .sheet: "sheet"
        case .chosen: "chosen"
        }
    }
}
