import Foundation
import NIOHTTP1

/// Finds who answers a request, and on which thread.
struct Router: Sendable {
    let desk: Desk
    let door: Door
    /// For all that reads.
    let readers: Threads
    /// For what changes things.
    let writers: Threads
    /// For previews: they take all cores for a moment.
    let painters: Threads

    /// What a request is about, once the door has let it in.
    func resolve(_ request: Request) throws -> Endpoint {
        let endpoint = Endpoint(request.path)
        let isPage = endpoint?.isPage ?? false
        do {
            try door.check(request, endpoint?.access(request.method) ?? .visitor, isNavigation: isPage)
        } catch let refusal as Refusal where isPage && refusal.status == .unauthorized && door.secrets.needsToken {
            throw Refusal.login
        }
        guard let endpoint else { throw Refusal.notFound }
        guard endpoint.methods.contains(request.method) else { throw Refusal.method(endpoint.methods) }
        return endpoint
    }

    func stop() { for threads in [readers, writers, painters] { threads.stop() } }

    func answer(_ request: Request, _ endpoint: Endpoint) async throws -> Response {
        switch endpoint {
        // These are told by what is in memory, however busy the threads are.
        case .health: return try .json(Health(status: .ok))
        case .readiness: return try await readers.run { try desk.readiness() }
        case .file(let name): return try desk.page.file(name, request)
        case .document: return try desk.page.file("openapi.json", request)
        case .session: return try .json(desk.session(request, door))
        case .events: return try Response(events: desk.events.subscribe(limit: desk.options.limits.eventStreams))
        case .previewImage(let id, let number): return try desk.previewImage(id, number)
        case .previews(let id): return try await painters.run { try desk.preview(id, request) }
        case .login, .logout, .wall, .resultPage: return try await page(request, endpoint)
        default: break
        }
        return try await (request.method == .GET ? readers : writers).run { try desk.answer(request, endpoint, door) }
    }

    private func page(_ request: Request, _ endpoint: Endpoint) async throws -> Response {
        switch endpoint {
        case .login where request.method == .POST: try await login(request)
        case .login: .html(desk.page.login(message: ""))
        case .logout: logout(request)
        default: try await readers.run { try desk.page(request, endpoint, door) }
        }
    }

    /// Opens a session for who knows the token; guesses are slow.
    private func login(_ request: Request) async throws -> Response {
        let form = Form(request.body)
        guard !door.secrets.needsToken || door.secrets.isToken(form["token"] ?? "") else {
            try? await Task.sleep(for: .seconds(1))
            return .html(desk.page.login(message: "That is not the token."), status: .unauthorized)
        }
        var response = Response.redirect(to: "/")
        let cookie = "\(Door.cookie)=\(door.secrets.session()); Path=/; Max-Age=\(Secrets.sessionSeconds)"
        response.headers.add(name: "set-cookie", value: cookie + "; HttpOnly; SameSite=Strict")
        return response
    }

    private func logout(_ request: Request) -> Response {
        var response = Response.redirect(to: "/login")
        response.headers.add(
            name: "set-cookie", value: "\(Door.cookie)=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
        return response
    }
}

/// The fields of a form.
struct Form {
    private let fields: [String: String]

    init(_ body: Data) {
        var fields: [String: String] = [:]
        for pair in String(decoding: body, as: UTF8.self).split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1).map {
                $0.replacing("+", with: " ").removingPercentEncoding ?? ""
            }
            if sides.count == 2 { fields[sides[0]] = sides[1] }
        }
        self.fields = fields
    }

    subscript(name: String) -> String? { fields[name] }
}

/// Whether the desk is well.
struct Health: Encodable {
    enum Status: String, Encodable { case ok, starting, unavailable }

    var status: Status
    @OrNull var reason: String? = nil
}
