BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('4621fec11365');
CREATE TABLE api_tokens (
	user_id INTEGER, 
	service_id INTEGER, 
	id INTEGER NOT NULL, 
	hashed VARCHAR(255), 
	prefix VARCHAR(16), 
	client_id VARCHAR(255), 
	session_id VARCHAR(255), 
	created DATETIME, 
	expires_at DATETIME, 
	last_activity DATETIME, 
	note VARCHAR(1023), 
	scopes TEXT, 
	CONSTRAINT pk_api_tokens PRIMARY KEY (id), 
	CONSTRAINT fk_api_tokens_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_api_tokens_service_id_services FOREIGN KEY(service_id) REFERENCES services (id) ON DELETE CASCADE, 
	CONSTRAINT uq_api_tokens_hashed UNIQUE (hashed), 
	CONSTRAINT fk_api_tokens_client_id_oauth_clients FOREIGN KEY(client_id) REFERENCES oauth_clients (identifier) ON DELETE CASCADE
);
INSERT INTO "api_tokens" VALUES(NULL,1,1,'sha512:16384:b48b7683270bb853:2af2196d0dbf979ed102ef670c2db4748d29c1fac99cac4f8d42cc753317f69c1da12741ad8de4134e1f7e35a45278f17c42d4a37cac83e8055b9c4684a22389','a-to','jupyterhub',NULL,'2026-11-30 17:42:05.302893',NULL,'2026-11-30 17:42:06.914216','from config','["inherit"]');
INSERT INTO "api_tokens" VALUES(NULL,2,2,'sha512:16384:98fa8cb4dcdf3eb4:8b945d35e9af53f675d7e2dfaab43f25b1f8e617571f2fff9a189f3074fc1a8f36c49ae9642863df452b11aa676d1f642f9c0b9830a2db04aa7b4c2dab327a2c','the-','jupyterhub',NULL,'2026-11-30 17:42:05.314153',NULL,NULL,'from config','["inherit"]');
INSERT INTO "api_tokens" VALUES(NULL,3,3,'sha512:16384:64628151682172c2:0dd5e60122cc50979aed5bad2fe6052343d6ed2a1c3053224dbacee093cb59cd3ea06e454beceda6fbd1324f22335479616e89b182e82e5bd5b58b3979841389','the-','jupyterhub',NULL,'2026-11-30 17:42:05.331459',NULL,'2026-11-30 17:42:06.866494','from config','["inherit"]');
INSERT INTO "api_tokens" VALUES(2,NULL,4,'sha512:1:5c3a23b74153d0af:7768ffd280a7d4ab974edd40d39040f385f272ef30c1f3b2e8b3e074942250c808b1ddf4c83da4288e83feeda8557ca49ce3bf3a9f290fe321a42452440ad3e4','dafd','jupyterhub',NULL,'2026-11-30 17:42:06.955581',NULL,NULL,'Server at /user/ada/lab/','["access:servers!server=ada/lab", "users:activity!user"]');
INSERT INTO "api_tokens" VALUES(2,NULL,5,'sha512:1:1b99d1f26ed4cc60:5daa2d2b86a15e33a6b83ff850e7294a8c6a54a788d7e71ea42680e012f51cbc9c86d13c9898794814791b3f296af8d9b306acf9f992290f45d25ce039e15633','545e','jupyterhub',NULL,'2026-11-30 17:42:07.063032',NULL,NULL,'Server at /user/ada/big/','["users:activity!user", "access:servers!server=ada/big"]');
INSERT INTO "api_tokens" VALUES(2,NULL,6,'sha512:1:12316958b0862a2d:b27e2fc769a121fb233b6c0d38afea9ba5802c7cee15550e292119b55a269e9f581c5ab6a1364405fea0075050f8662216e6d9f14019fdbb5ae75476a7bd190d','2a65','jupyterhub',NULL,'2026-11-30 17:42:07.261457',NULL,'2026-11-30 17:42:07.276640','Requested via api by service tester','["inherit"]');
CREATE TABLE group_role_map (
	group_id INTEGER NOT NULL, 
	role_id INTEGER NOT NULL, 
	managed_by_auth BOOLEAN NOT NULL, 
	CONSTRAINT pk_group_role_map PRIMARY KEY (group_id, role_id), 
	CONSTRAINT fk_group_role_map_group_id_groups FOREIGN KEY(group_id) REFERENCES groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_group_role_map_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE CASCADE
);
CREATE TABLE groups (
	id INTEGER NOT NULL, 
	name VARCHAR(255), 
	properties TEXT, 
	CONSTRAINT pk_groups PRIMARY KEY (id), 
	CONSTRAINT uq_groups_name UNIQUE (name)
);
INSERT INTO "groups" VALUES(1,'imaging','{}');
INSERT INTO "groups" VALUES(2,'genomics','{}');
CREATE TABLE oauth_clients (
	id INTEGER NOT NULL, 
	identifier VARCHAR(255), 
	description VARCHAR(1023), 
	secret VARCHAR(255), 
	redirect_uri VARCHAR(1023), 
	allowed_scopes TEXT, 
	CONSTRAINT pk_oauth_clients PRIMARY KEY (id), 
	CONSTRAINT uq_oauth_clients_identifier UNIQUE (identifier)
);
INSERT INTO "oauth_clients" VALUES(1,'jupyterhub','JupyterHub','','','[]');
INSERT INTO "oauth_clients" VALUES(2,'service-swish','JupyterHub service swish','sha512:16384:9751d9fc6600c175:a93b6f49dc8df4eea1667485fbfd9ac737c4e8fdea46ffb235e650e30a032f7415b2b0fdc3f4d08bcc7417a5c08b2b58180c1351043e72c38f9ae96fb6a4e6ed','/services/swish/oauth_callback','["access:services!service=swish"]');
INSERT INTO "oauth_clients" VALUES(3,'jupyterhub-user-ada-lab','Server at /user/ada/lab/','sha512:16384:6f3ac210a823eb3e:bf5b1da92cb81c5e4f4684e34d2a215054b3ff5e10e86bff7da8751c8222e74bb3a807d220901225ecdeb6b2c4d606d2acdbd74930b59570452b62569b5cff42','/user/ada/lab/oauth_callback','["access:servers!server=ada/lab"]');
INSERT INTO "oauth_clients" VALUES(4,'jupyterhub-user-ada-big','Server at /user/ada/big/','sha512:16384:a33f3ea83c623c43:e21536ba40e54422a76fc21dc93716e337b37ef6219d2e00401bb9ed599aa4484e49aeab86307b69f1963291ba333469e2456f55a3271e6b221844b21c23b55a','/user/ada/big/oauth_callback','["access:servers!server=ada/big"]');
CREATE TABLE oauth_codes (
	id INTEGER NOT NULL, 
	client_id VARCHAR(255), 
	code VARCHAR(36), 
	expires_at INTEGER, 
	redirect_uri VARCHAR(1023), 
	session_id VARCHAR(255), 
	user_id INTEGER, 
	scopes TEXT, 
	CONSTRAINT pk_oauth_codes PRIMARY KEY (id), 
	CONSTRAINT fk_oauth_codes_client_id_oauth_clients FOREIGN KEY(client_id) REFERENCES oauth_clients (identifier) ON DELETE CASCADE, 
	CONSTRAINT fk_oauth_codes_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE roles (
	id INTEGER NOT NULL, 
	name VARCHAR(255), 
	description VARCHAR(1023), 
	scopes TEXT, 
	managed_by_auth BOOLEAN NOT NULL, 
	CONSTRAINT pk_roles PRIMARY KEY (id), 
	CONSTRAINT uq_roles_name UNIQUE (name)
);
INSERT INTO "roles" VALUES(1,'admin','Elevated privileges (can do anything)','["admin-ui", "admin:users", "admin:servers", "admin:services", "tokens", "admin:groups", "list:services", "read:services", "read:hub", "proxy", "shutdown", "access:services", "access:servers", "read:roles", "read:metrics", "shares"]',0);
INSERT INTO "roles" VALUES(2,'server','Post activity only','["users:activity!user", "access:servers!server"]',0);
INSERT INTO "roles" VALUES(3,'token','Token with same permissions as its owner','["inherit"]',0);
INSERT INTO "roles" VALUES(4,'all',NULL,'["admin:servers", "admin:users", "tokens", "admin:groups"]',0);
INSERT INTO "roles" VALUES(5,'swish-admin',NULL,'["admin-ui", "admin:users", "admin:servers", "admin:services", "tokens", "admin:groups", "list:services", "read:services", "read:hub", "proxy", "shutdown", "access:services", "access:servers", "read:roles", "read:metrics", "shares"]',0);
INSERT INTO "roles" VALUES(6,'swish',NULL,'["list:users", "read:users", "read:servers", "admin:server_state", "users:activity"]',0);
INSERT INTO "roles" VALUES(7,'user','Standard user privileges','["self", "access:services!service=swish"]',0);
CREATE TABLE servers (
	id INTEGER NOT NULL, 
	proto VARCHAR(15), 
	ip VARCHAR(255), 
	port INTEGER, 
	base_url VARCHAR(255), 
	cookie_name VARCHAR(255), 
	CONSTRAINT pk_servers PRIMARY KEY (id)
);
INSERT INTO "servers" VALUES(1,'http','127.0.0.1',26810,'/services/swish/','service-swish');
INSERT INTO "servers" VALUES(2,'http','127.0.0.1',45145,'/user/ada/lab/','cookie');
INSERT INTO "servers" VALUES(3,'http','127.0.0.1',45145,'/user/ada/big/','cookie');
CREATE TABLE service_role_map (
	service_id INTEGER NOT NULL, 
	role_id INTEGER NOT NULL, 
	managed_by_auth BOOLEAN NOT NULL, 
	CONSTRAINT pk_service_role_map PRIMARY KEY (service_id, role_id), 
	CONSTRAINT fk_service_role_map_service_id_services FOREIGN KEY(service_id) REFERENCES services (id) ON DELETE CASCADE, 
	CONSTRAINT fk_service_role_map_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE CASCADE
);
INSERT INTO "service_role_map" VALUES(1,4,0);
INSERT INTO "service_role_map" VALUES(2,5,0);
INSERT INTO "service_role_map" VALUES(3,6,0);
CREATE TABLE services (
	id INTEGER NOT NULL, 
	name VARCHAR(255), 
	admin BOOLEAN, 
	url VARCHAR(2047), 
	oauth_client_allowed_scopes TEXT, 
	info TEXT, 
	display BOOLEAN, 
	oauth_no_confirm BOOLEAN, 
	command TEXT, 
	cwd VARCHAR(4095), 
	environment TEXT, 
	user VARCHAR(255), 
	from_config BOOLEAN, 
	_server_id INTEGER, 
	pid INTEGER, 
	oauth_client_id VARCHAR(255), 
	CONSTRAINT pk_services PRIMARY KEY (id), 
	CONSTRAINT uq_services_name UNIQUE (name), 
	CONSTRAINT fk_services__server_id_servers FOREIGN KEY(_server_id) REFERENCES servers (id) ON DELETE SET NULL, 
	CONSTRAINT fk_services_oauth_client_id_oauth_clients FOREIGN KEY(oauth_client_id) REFERENCES oauth_clients (identifier) ON DELETE SET NULL
);
INSERT INTO "services" VALUES(1,'tester',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO "services" VALUES(2,'swish-admin',0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,NULL);
INSERT INTO "services" VALUES(3,'swish',0,'http://127.0.0.1:26810',NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,1,1,NULL,'service-swish');
CREATE TABLE share_codes (
	hashed VARCHAR(255), 
	prefix VARCHAR(16), 
	exchange_count INTEGER, 
	last_exchanged_at DATETIME, 
	id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	scopes TEXT, 
	expires_at DATETIME, 
	owner_id INTEGER, 
	spawner_id INTEGER, 
	CONSTRAINT pk_share_codes PRIMARY KEY (id), 
	CONSTRAINT uq_share_codes_hashed UNIQUE (hashed), 
	CONSTRAINT fk_share_codes_owner_id_users FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_share_codes_spawner_id_spawners FOREIGN KEY(spawner_id) REFERENCES spawners (id) ON DELETE CASCADE
);
CREATE TABLE shares (
	user_id INTEGER, 
	group_id INTEGER, 
	id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	scopes TEXT, 
	expires_at DATETIME, 
	owner_id INTEGER, 
	spawner_id INTEGER, 
	CONSTRAINT pk_shares PRIMARY KEY (id), 
	CONSTRAINT fk_shares_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_shares_group_id_groups FOREIGN KEY(group_id) REFERENCES groups (id) ON DELETE CASCADE, 
	CONSTRAINT fk_shares_owner_id_users FOREIGN KEY(owner_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_shares_spawner_id_spawners FOREIGN KEY(spawner_id) REFERENCES spawners (id) ON DELETE CASCADE
);
CREATE TABLE spawners (
	id INTEGER NOT NULL, 
	user_id INTEGER, 
	server_id INTEGER, 
	state TEXT, 
	name VARCHAR(255), 
	started DATETIME, 
	last_activity DATETIME, 
	user_options TEXT, 
	oauth_client_id VARCHAR(255), 
	CONSTRAINT pk_spawners PRIMARY KEY (id), 
	CONSTRAINT fk_spawners_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_spawners_server_id_servers FOREIGN KEY(server_id) REFERENCES servers (id) ON DELETE SET NULL, 
	CONSTRAINT fk_spawners_oauth_client_id_oauth_clients FOREIGN KEY(oauth_client_id) REFERENCES oauth_clients (identifier) ON DELETE SET NULL
);
INSERT INTO "spawners" VALUES(1,2,NULL,NULL,'',NULL,NULL,NULL,NULL);
INSERT INTO "spawners" VALUES(2,2,2,'{"kubespawner_version": "7.1.0", "pod_name": "jupyter-ada--lab", "namespace": "swish-imaging", "dns_name": "jupyter-ada--lab.swish-imaging.svc.cluster.local", "pvc_name": "claim-ada--lab", "swish_spawn_id": "fbe0042d96984952", "swish_plan": {"team": "imaging", "project": "atlas", "image": "python3", "pool": "general", "cpu": "1", "memory": "2Gi", "memory_bytes": 2147483648, "gpu": null, "gpu_count": 0, "packages": [], "ssh": "sidecar", "whole": {"cpu": "1250m", "memory_bytes": 2684354560}, "hourly_price": "0.0475", "currency": "EUR"}, "swish_ssh": {"environment": "ada--lab", "team": "imaging", "login": "swish", "host": "ada--lab.dev.swish.io", "port": 22, "where": "sidecar", "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEKDfkN4AI+xfbStg2EcBH2sc+1acvRbqrWFGK+JOO9h", "fingerprint": "SHA256:0Asl7p8r82qxZE8e9DU3IHRa223FgHe34dUq6a3ZFDY", "gateway": null, "service": {"name": "env-ada--lab", "namespace": "swish-imaging", "type": "ClusterIP"}}}','lab','2026-11-30 17:42:06.983620','2026-11-30 17:42:06.983620','{"user_options": {"ssh": true}}','jupyterhub-user-ada-lab');
INSERT INTO "spawners" VALUES(3,2,3,'{"kubespawner_version": "7.1.0", "pod_name": "jupyter-ada--big", "namespace": "swish-imaging", "dns_name": "jupyter-ada--big.swish-imaging.svc.cluster.local", "pvc_name": "claim-ada--big", "swish_spawn_id": "b91b8536017429a8", "swish_plan": {"team": "imaging", "project": "atlas", "image": "python3", "pool": "high-memory", "cpu": "8", "memory": "65Gi", "memory_bytes": 69793218560, "gpu": null, "gpu_count": 0, "packages": [], "ssh": null, "whole": {"cpu": "8", "memory_bytes": 69793218560}, "hourly_price": "0.500", "currency": "EUR"}}','big','2026-11-30 17:42:07.076809','2026-11-30 17:42:07.076809','{"user_options": {"pool": "high-memory", "memory": "65Gi"}}','jupyterhub-user-ada-big');
INSERT INTO "spawners" VALUES(4,2,NULL,'{"kubespawner_version": "7.1.0", "pod_name": "jupyter-ada--done", "namespace": "swish-imaging", "dns_name": "jupyter-ada--done.swish-imaging.svc.cluster.local", "pvc_name": "claim-ada--done"}','done',NULL,'2026-11-30 17:42:07.209897','{"user_options": {}}',NULL);
CREATE TABLE user_group_map (
	user_id INTEGER NOT NULL, 
	group_id INTEGER NOT NULL, 
	CONSTRAINT pk_user_group_map PRIMARY KEY (user_id, group_id), 
	CONSTRAINT fk_user_group_map_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_group_map_group_id_groups FOREIGN KEY(group_id) REFERENCES groups (id) ON DELETE CASCADE
);
INSERT INTO "user_group_map" VALUES(2,1);
INSERT INTO "user_group_map" VALUES(3,1);
INSERT INTO "user_group_map" VALUES(4,2);
CREATE TABLE user_role_map (
	user_id INTEGER NOT NULL, 
	role_id INTEGER NOT NULL, 
	managed_by_auth BOOLEAN NOT NULL, 
	CONSTRAINT pk_user_role_map PRIMARY KEY (user_id, role_id), 
	CONSTRAINT fk_user_role_map_user_id_users FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE, 
	CONSTRAINT fk_user_role_map_role_id_roles FOREIGN KEY(role_id) REFERENCES roles (id) ON DELETE CASCADE
);
INSERT INTO "user_role_map" VALUES(1,1,0);
INSERT INTO "user_role_map" VALUES(1,7,0);
INSERT INTO "user_role_map" VALUES(2,7,0);
INSERT INTO "user_role_map" VALUES(3,7,0);
INSERT INTO "user_role_map" VALUES(4,7,0);
CREATE TABLE users (
	id INTEGER NOT NULL, 
	name VARCHAR(255), 
	admin BOOLEAN, 
	created DATETIME, 
	last_activity DATETIME, 
	cookie_id VARCHAR(255) NOT NULL, 
	state TEXT, 
	encrypted_auth_state BLOB, 
	CONSTRAINT pk_users PRIMARY KEY (id), 
	CONSTRAINT uq_users_name UNIQUE (name), 
	CONSTRAINT uq_users_cookie_id UNIQUE (cookie_id)
);
INSERT INTO "users" VALUES(1,'root',1,'2026-11-30 17:42:05.175762',NULL,'2ed77da2946c4c6daa093750bb1b0d21',NULL,NULL);
INSERT INTO "users" VALUES(2,'ada',0,'2026-11-30 17:42:05.202114','2026-11-30 17:42:07.209897','2bc25bdfad5d4a87a387ad118f9356c7','{}',NULL);
INSERT INTO "users" VALUES(3,'grace',0,'2026-11-30 17:42:05.214787',NULL,'464a504186564e22a44605f3337139d1',NULL,NULL);
INSERT INTO "users" VALUES(4,'alan',0,'2026-11-30 17:42:05.225030',NULL,'0a4bf26a88be4483a1636098c9ac6e0d',NULL,NULL);
CREATE INDEX ix_share_codes_prefix ON share_codes (prefix);
CREATE INDEX ix_api_tokens_prefix ON api_tokens (prefix);
COMMIT;
